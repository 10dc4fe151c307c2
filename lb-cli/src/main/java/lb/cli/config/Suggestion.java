package lb.cli.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Finds what somebody may have meant by a word that nobody knows.
public final class Suggestion {

    private static final Pattern DIGITS = Pattern.compile("\\d");

    /// What other balancers call ours.
    private static final Map<String, String> OTHER_NAMES = Map.of("leastconn", "least-connections", "least-conn",
            "least-connections", "roundrobin", "round-robin", "rr", "round-robin", "source", "source-hash", "random",
            "random-two");

    private Suggestion() {}

    /// ` (did you mean X?)`, or nothing if no candidate is near.
    public static String phrase(String word, Collection<String> candidates) {
        String nearest = nearest(word, candidates);
        return nearest == null ? "" : " (did you mean " + nearest + "?)";
    }

    static @Nullable String nearest(String word, Collection<String> candidates) {
        String lower = word.toLowerCase(Locale.ROOT).replace('_', '-');
        String elsewhere = OTHER_NAMES.getOrDefault(lower, "");
        if (candidates.contains(elsewhere)) {
            return elsewhere;
        }
        int allowed = Math.max(1, word.length() / 3);
        return candidates.stream().filter(candidate -> distance(lower, candidate) <= allowed)
                // Another number is no slip of the finger: v3 is not v1.
                .filter(candidate -> !DIGITS.matcher(lower).find()
                        || !DIGITS.matcher(lower).replaceAll("").equals(DIGITS.matcher(candidate).replaceAll("")))
                .min(Comparator.<String>comparingInt(candidate -> distance(lower, candidate))
                        .thenComparing(Comparator.naturalOrder()))
                .orElse(null);
    }

    /// Edits that make one word of the other; swapping two neighbours is one edit
    /// (optimal string alignment).
    private static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}

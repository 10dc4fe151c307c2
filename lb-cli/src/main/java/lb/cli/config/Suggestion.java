package lb.cli.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Finds what somebody may have meant by a word that nobody knows.
public final class Suggestion {

    private static final Pattern DIGITS = Pattern.compile("\\d");

    private static final int MOST_EDITS = 3;
    private static final int SHORTEST_BEGINNING = 4;

    /// What other balancers call ours, a line for each of ours.
    private static final Map<String, String> OTHER_NAMES = otherNames("""
            round-robin: roundrobin rr wrr static-rr
            least-connections: leastconn least-conn lc wlc least-request
            random-two: p2c power-of-two
            least-time: peak-ewma
            source-hash: source ip-hash hash-ip source-ip src
            hash: maglev ring ring-hash consistent consistent-hash
            listeners: frontend frontends listen server
            pools: upstream upstreams backend cluster clusters
            backends: server servers upstream upstreams endpoints targets members
            health: check checks health-check health-checks healthcheck
            balance: algorithm method policy lb-policy strategy
            max-connections: maxconn
            connect-tries: retries
            idle-timeout: proxy-timeout
            proxy-protocol: send-proxy send-proxy-v2
            proxy-protocol-from: accept-proxy
            workers: nbthread threads worker-processes
            bind: listen port
            address: host url
            """);

    private Suggestion() {}

    /// ` (did you mean X?)`, or nothing if no candidate is near.
    public static String phrase(String word, Collection<String> candidates) {
        String nearest = nearest(word, candidates);
        return nearest == null ? "" : " (did you mean " + nearest + "?)";
    }

    static @Nullable String nearest(String word, Collection<String> candidates) {
        String lower = word.toLowerCase(Locale.ROOT).replace('_', '-');
        for (String ours : OTHER_NAMES.getOrDefault(lower, "").split(" ", -1)) {
            if (candidates.contains(ours)) {
                return ours;
            }
        }
        List<String> begun = candidates.stream().filter(candidate -> candidate.startsWith(lower)).toList();
        if (lower.replace("-", "").length() >= SHORTEST_BEGINNING && begun.size() == 1) {
            return begun.getFirst();
        }
        int allowed = Math.min(MOST_EDITS, word.length() / 3);
        return candidates.stream()
                .filter(candidate -> distance(lower, candidate) <= (isSwap(lower, candidate) ? 1 : allowed))
                // Another number is no slip of the finger: v3 is not v1.
                .filter(candidate -> !DIGITS.matcher(lower).find()
                        || !DIGITS.matcher(lower).replaceAll("").equals(DIGITS.matcher(candidate).replaceAll("")))
                .min(Comparator.<String>comparingInt(candidate -> distance(lower, candidate))
                        .thenComparing(Comparator.naturalOrder()))
                .orElse(null);
    }

    /// Two letters the wrong way round are a slip in the shortest word.
    private static boolean isSwap(String a, String b) {
        return a.length() == 2 && b.length() == 2 && a.charAt(0) == b.charAt(1) && a.charAt(1) == b.charAt(0);
    }

    private static Map<String, String> otherNames(String lines) {
        Map<String, String> names = new HashMap<>();
        lines.lines().forEach(line -> {
            String[] parts = line.split(": ", 2);
            for (String name : parts[1].split(" ", -1)) {
                names.merge(name, parts[0], (a, b) -> a + " " + b);
            }
        });
        return Map.copyOf(names);
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

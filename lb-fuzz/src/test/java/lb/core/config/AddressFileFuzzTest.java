package lb.core.config;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/// A file of networks: it is used as a whole, or each reason names a line that cannot be used.
class AddressFileFuzzTest {

    private static final int MOST_BYTES = 20_000;
    private static final Path FILE = temporaryFile();
    private static final Pattern REASON = Pattern
            .compile(Pattern.quote(FILE.toString()) + ":(\\d+): network: .+ \\(expected: .+\\)", Pattern.DOTALL);

    @FuzzTest(maxDuration = "60s")
    void file(byte[] input) throws IOException {
        if (input.length > MOST_BYTES) {
            return;
        }
        Files.write(FILE, input);
        try {
            assertUsed(AddressFile.read(FILE).networks());
        } catch (AddressFile.Unusable e) {
            assertRefused(e.reasons());
        }
    }

    /// All that is written is in, and a list that is written anew is the same.
    private static void assertUsed(List<Cidr> networks) throws IOException {
        long lines = Files.readAllLines(FILE).stream().map(AddressFileFuzzTest::withoutComment)
                .filter(line -> !line.isEmpty()).count();
        assertThat(networks).hasSize((int) lines);
        CidrSet set = new CidrSet(networks);
        for (Cidr network : networks) {
            assertThat(set.contains(network.network().getAddress())).isTrue();
        }
        Files.writeString(FILE, networks.stream().map(Cidr::toString).collect(Collectors.joining("\n")));
        try {
            assertThat(AddressFile.read(FILE).networks()).isEqualTo(networks);
        } catch (AddressFile.Unusable e) {
            throw new AssertionError(e);
        }
    }

    private static void assertRefused(List<String> reasons) throws IOException {
        assertThat(reasons).hasSizeBetween(1, 6).doesNotHaveDuplicates();
        if (reasons.equals(List.of(FILE + ": is not UTF-8 text"))) {
            return;
        }
        List<String> lines = Files.readAllLines(FILE);
        for (String reason : reasons.subList(0, Math.min(reasons.size(), 5))) {
            Matcher matcher = REASON.matcher(reason);
            assertThat(matcher.matches()).as(reason).isTrue();
            String line = withoutComment(lines.get(Integer.parseInt(matcher.group(1)) - 1));
            assertThatThrownBy(() -> Cidr.parse(line)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static String withoutComment(String line) {
        return line.replaceFirst("(?s)#.*", "").strip();
    }

    private static Path temporaryFile() {
        try {
            Path file = Files.createTempFile("lb-addresses", ".txt");
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}

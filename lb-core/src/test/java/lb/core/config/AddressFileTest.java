package lb.core.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

class AddressFileTest {

    @TempDir Path folder;

    @Test
    void hasANetworkInEachLine() throws Exception {
        assertThat(read("# all of them\n\n10.0.0.0/8 # inside\n  ::1\t\r\n").networks())
                .isEqualTo(List.of(Cidr.parse("10.0.0.0/8"), Cidr.parse("::1")));
        assertThat(read("").networks()).isEmpty();
    }

    @Test
    void saysWhichLinesCannotBeUsed() throws Exception {
        assertThat(problems("10.0.0.1\nnobody\n10.0.0.1/8\n")).hasSize(2).anySatisfy(
                line -> assertThat(line).contains("list:2: network: nobody (expected: an IPv4 or IPv6 address"))
                .anySatisfy(line -> assertThat(line).contains("list:3: ", "no bits set after the prefix"));
        assertThat(problems("x\n".repeat(1000))).hasSize(6).last().asString().contains("were not looked at");
    }

    @Test
    void saysWhyAFileCannotBeRead() throws Exception {
        assertThat(problems(folder.resolve("none"))).singleElement().asString().contains("none: no such file");
        assertThat(problems(folder)).singleElement().asString().contains("is not a file");
        Path binary = Files.write(folder.resolve("binary"), new byte[]{(byte) 0xFF, 1});
        assertThat(problems(binary)).singleElement().asString().contains("is not UTF-8 text");
    }

    /// A file whose last network was taken out does not open the door to everybody.
    @Test
    void anEmptyAllowListLetsNobodyIn() throws Exception {
        ListenerConfig listener = TestConfigs.listener("l", "p");
        AddressFile empty = read("");
        byte[] address = {10, 0, 0, 1};

        assertThat(listener.rules().permits(address)).isTrue();
        assertThat(listener.with(AdmissionConfig.OPEN.withFiles(List.of(empty), List.of())).rules().permits(address))
                .isFalse();
        assertThat(listener.with(AdmissionConfig.OPEN.withFiles(List.of(), List.of(empty))).rules().permits(address))
                .isTrue();
    }

    private AddressFile read(String text) throws IOException, AddressFile.Unusable {
        return AddressFile.read(Files.writeString(folder.resolve("list"), text));
    }

    private List<String> problems(String text) throws IOException {
        return problems(Files.writeString(folder.resolve("list"), text));
    }

    private static List<String> problems(Path file) {
        return catchThrowableOfType(AddressFile.Unusable.class, () -> AddressFile.read(file)).reasons();
    }
}

package lb.cli.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import lb.core.config.AdmissionConfig.OnFull;
import lb.core.config.ListenerConfig;
import lb.core.config.QueueConfig;
import lb.core.config.RejectConfig.Action;
import lb.core.limit.Rate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class AdmissionReaderTest {

    private static ListenerConfig listener(String keys) {
        return Readings.valid(Readings.listener("bind = 1\n" + keys)).listeners().getFirst();
    }

    @Test
    void nobodyIsLimitedByDefault() {
        ListenerConfig plain = listener("");

        assertThat(plain.admission().sources().isActive()).isFalse();
        assertThat(plain.admission().onFull()).isEqualTo(OnFull.WAIT);
        assertThat(plain.admission().reject().action()).isEqualTo(Action.RESET);
        assertThat(plain.bandwidth().down()).isZero();
    }

    @Test
    void shortFormsSayTheSameAsBlocks() {
        assertThat(listener("per-source = 7").admission().sources().maxConnections()).isEqualTo(7);
        assertThat(listener("reject = silent").admission().reject().action()).isEqualTo(Action.SILENT);
        assertThat(listener("bandwidth = 10m").bandwidth().down()).isEqualTo(10 << 20);
    }

    @Test
    void aTableHasRoomForAllThatTheProcessMayHave() {
        assertThat(listener("per-source = 7").admission().sources().tableSize()).isEqualTo(9821 + 65_536);
        assertThat(listener("per-source { max-connections = 7, table-size = 99 }").admission().sources().tableSize())
                .isEqualTo(99);
    }

    @Test
    void aRateHasABurstOfItsPeriod() {
        Rate rate = Objects.requireNonNull(
                listener("per-source { connection-rate = 90/m }").admission().sources().connectionRate());

        assertThat(rate.burst()).isEqualTo(90);
        assertThat(rate.periodNanos()).isEqualTo(60_000_000_000L);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "per-source { connection-rate = 5 }; per-source.connection-rate; a number for each s, m or h",
        "per-source { connection-rate = 0/s }; per-source.connection-rate; a number for each s, m or h",
        "per-source { burst = 5 }; per-source.burst; applies only with a connection-rate",
        "per-source { ipv4-prefix = 33 }; per-source.ipv4-prefix; a whole number from 0 to 32",
        "bandwidth = 1000; bandwidth; at least 1k", "reject = drop; reject; one of reset, close, silent, tarpit",
        "on-full = close; on-full; one of wait, refuse", "deny-file = nowhere; deny-file[0]; no such file",
        "deny-file = \"a\\u0000\"; deny-file[0]; expected the name of a file",
        "protocol = udp, per-source = 5; per-source; which has max-flows-per-source",
        "protocol = udp, reject = close; reject; does not apply to protocol = udp"})
    void saysWhatIsWrong(String keys, String path, String rule) {
        assertThat(Readings.problems(Readings.listener("bind = 1\n" + keys))).singleElement().asString()
                .contains("FILE:", "listeners.l." + path.replace("[0]", ""), rule);
    }

    @Test
    void aFileIsLookedForBesideTheOneThatNamesItAndItsLinesAreTold(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("deny.txt"), "10.0.0.0/8\n");
        Path config = Files.writeString(folder.resolve("lb.conf"),
                Readings.listener("bind = 1, deny-file = [\"deny.txt\"]"));

        ListenerConfig read = Readings.valid(Readings.reader().read(config)).listeners().getFirst();
        assertThat(read.admission().denyFiles()).singleElement()
                .satisfies(file -> assertThat(file.networks()).hasSize(1));
        assertThat(read.rules().permits(new byte[]{10, 0, 0, 1})).isFalse();

        Files.writeString(folder.resolve("deny.txt"), "10.0.0.0/8\nnobody\n");
        assertThat(Readings.problems(Readings.reader().read(config))).singleElement().asString()
                .contains("deny.txt:2: network: nobody");
    }

    @Test
    void aTarpitTakesDescriptorsFromSessions() {
        int without = Readings.valid(Readings.listener("bind = 1")).maxConnections();

        assertThat(Readings.valid(Readings.listener("bind = 1, reject = tarpit")).maxConnections())
                .isEqualTo(without - 20_000 / 32 / 2);
    }

    @Test
    void backendsAndQueuesHaveTheirLimits() {
        var pool = Readings.valid(Readings.pool("""
                backends = ["127.0.0.1:2,max-connections=5", { address = "127.0.0.1:3", max-connections = off }]
                balance = source-hash
                """)).pools().getFirst();

        assertThat(pool.backends().getFirst().maxConnections()).isEqualTo(5);
        assertThat(pool.backends().getLast().maxConnections()).isZero();
        assertThat(pool.queue().length()).isEqualTo(1024);
        assertThat(pool.queue().scope()).isEqualTo(QueueConfig.Scope.BACKEND);
        assertThat(Readings.problems(Readings.pool("backends = \"127.0.0.1:2\", queue-scope = backend")))
                .singleElement().asString().contains("queue-scope", "applies only to balance = hash");
    }
}

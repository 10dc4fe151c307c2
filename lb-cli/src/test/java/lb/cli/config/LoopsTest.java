package lb.cli.config;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class LoopsTest {

    @ParameterizedTest
    @CsvSource({"127.0.0.1:9000,127.0.0.1:9000,true", "*:9000,127.0.0.1:9000,true", "*:9000,[::1]:9000,true",
        "0.0.0.0:9000,127.0.0.5:9000,true", "127.0.0.1:9000,0.0.0.0:9000,true", "127.0.0.1:9000,127.0.0.1,true",
        "*:8999-9001,127.0.0.1:9000,true", "127.0.0.1:9000,127.0.0.2:9000,false", "127.0.0.1:0,127.0.0.1:9000,false",
        "*:9000,10.0.0.1:9000,false", "*:9000,10.0.0.1,false", "0.0.0.0:9000,[::1]:9000,false"})
    void aBackendThatIsItsOwnListenerIsRefused(String bind, String backend, boolean loop) {
        ReadResult result = Readings.read("""
                listeners { l { bind = "%s", pool = p } }
                pools { p { backends = ["%s"] } }
                """.formatted(bind, backend));
        if (loop) {
            assertThat(Readings.problems(result)).singleElement().asString().startsWith("FILE:2: pools.p.backends = ")
                    .endsWith("is the listener l itself: connections would go round in circles");
        } else {
            Readings.valid(result);
        }
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1:3,false", "127.0.0.1:1,true"})
    void oneListenerBehindAnotherIsFineWithoutACircle(String last, boolean loop) {
        ReadResult result = Readings.read("""
                listeners { a { bind = "127.0.0.1:1", pool = a }, b { bind = "127.0.0.1:2", pool = b } }
                pools { a { backends = ["127.0.0.1:2"] }, b { backends = ["%s"] } }
                """.formatted(last));
        assertThat(result).isInstanceOf(loop ? ReadResult.Invalid.class : ReadResult.Valid.class);
    }
}

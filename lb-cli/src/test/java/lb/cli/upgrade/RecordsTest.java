package lb.cli.upgrade;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import lb.cli.json.Json;
import lb.cli.json.JsonObject;
import lb.core.config.Octets;
import lb.core.pool.HealthState;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class RecordsTest {

    record Sample(boolean truth, int number, long large, String text, HealthState health, InetSocketAddress address,
            Octets octets) {}

    private static final Sample SAMPLE = new Sample(true, -7, Long.MAX_VALUE, "\u00fc \"x\"\n", HealthState.DOWN,
            Records.address("2001:db8:0:0:0:0:0:1:443"), Octets.of(new byte[]{0, -1}));

    private static JsonObject written(Record... records) throws IOException {
        return JsonObject.of(Json.object(out -> Records.write(out, "all", List.of(records)))).objects("all").getFirst();
    }

    @Test
    void whatIsWrittenIsReadBack() throws Exception {
        assertThat(Records.read(Sample.class, written(SAMPLE))).isEqualTo(SAMPLE);
    }

    @Test
    void fieldsOfAnotherVersionAreLeftOut() throws Exception {
        record Newer(int number, String text, boolean isNew, long count) {}
        record Older(int number, String text) {}
        assertThat(Records.read(Older.class, written(new Newer(1, "a", true, 2)))).isEqualTo(new Older(1, "a"));
        assertThat(Records.read(Newer.class, written(new Older(1, "a")))).isEqualTo(new Newer(1, "a", false, 0));
    }

    @Test
    void whatCannotBeReadIsNamed() throws Exception {
        JsonObject written = written(SAMPLE);
        written.fields().put("health", "SICK");
        assertThatThrownBy(() -> Records.read(Sample.class, written)).isInstanceOf(IOException.class)
                .hasMessage("health = \"SICK\"");
        written.fields().put("health", "UP");
        written.fields().put("address", "nowhere");
        assertThatThrownBy(() -> Records.read(Sample.class, written)).isInstanceOf(IOException.class)
                .hasMessage("address = \"nowhere\"");
    }
}

package lb.cli.it;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.util.List;
import lb.cli.it.process.Child;
import lb.cli.it.process.LbProcess;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class LogFormatTest {

    private static final String[] FLAGS = {"--listen", "127.0.0.1:0", "--backend", "127.0.0.1:9"};

    /// As systemd does for a unit whose stderr is the journal.
    private static final List<String> IN_THE_JOURNAL = List.of("sh", "-c",
            "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec \"$@\"", "sh");

    private static String[] with(String... more) {
        String[] all = java.util.Arrays.copyOf(FLAGS, FLAGS.length + more.length);
        System.arraycopy(more, 0, all, FLAGS.length, more.length);
        return all;
    }

    @Test
    void jsonIsOneObjectALine() throws Exception {
        try (Child lb = LbProcess.start(with("--log-format", "json"))) {
            Config line = ConfigFactory.parseString(lb.err().await("^\\{.*listening on.*}$").group());
            assertThat(line.getString("time")).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
            assertThat(line.getString("level")).isEqualTo("info");
        }
    }

    @Test
    void whereStderrIsTheJournalLinesHaveAPriorityInPlaceOfATime() throws Exception {
        try (Child lb = LbProcess.startUnder(IN_THE_JOURNAL, FLAGS)) {
            lb.err().await("^<6>lb \\S+: listening on ");
            lb.err().await("^<4>backend \\S+ is DOWN: ");
        }
    }

    @Test
    void whereItWasRedirectedLinesHaveATime() throws Exception {
        try (Child lb = LbProcess.startUnder(List.of("env", "JOURNAL_STREAM=1:2"), FLAGS)) {
            lb.err().await("^\\d{4}-\\S+Z INFO  lb \\S+: listening on ");
        }
        try (Child lb = LbProcess.startUnder(IN_THE_JOURNAL, with("--log-format", "text"))) {
            lb.err().await("^\\d{4}-\\S+Z INFO  lb \\S+: listening on ");
        }
    }
}

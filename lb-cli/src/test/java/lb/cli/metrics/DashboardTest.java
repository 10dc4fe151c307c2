package lb.cli.metrics;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import lb.cli.json.Json;
import lb.cli.json.JsonObject;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/// config/grafana/lb.json shows what there is, and all of it.
class DashboardTest {

    private static final Pattern NAME = Pattern.compile("\\b(lb|process|jvm)_[a-z_]+");
    private static final Pattern OF_HISTOGRAM = Pattern.compile("_(bucket|sum|count)$");

    private static String text() throws Exception {
        return Files.readString(Path.of("..", "config", "grafana", "lb.json"));
    }

    private static Set<String> used() throws Exception {
        return NAME.matcher(text()).results().map(MatchResult::group).collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everyMetricThatItUsesIsExported() throws Exception {
        Set<String> exported = SampleMetrics.families().keySet();
        assertThat(used()).hasSizeGreaterThan(30)
                .allSatisfy(
                        name -> assertThat(exported).containsAnyOf(name, OF_HISTOGRAM.matcher(name).replaceFirst("")));
    }

    @Test
    void isAModelThatGrafanaTakes() throws Exception {
        JsonObject model = JsonObject.of(text());
        assertThat(model.text("title")).isEqualTo("lb");
        assertThat(model.number("schemaVersion")).isPositive();
        List<Object> ids = new ArrayList<>();
        for (JsonObject panel : model.objects("panels")) {
            ids.add(panel.number("id"));
            Map<String, ?> place = panel.object("gridPos").fields();
            assertThat(place).containsOnlyKeys("h", "w", "x", "y");
            assertThat(panel.object("gridPos").number("x") + panel.object("gridPos").number("w"))
                    .isLessThanOrEqualTo(24);
            if (!panel.text("type").equals("row")) {
                assertThat(panel.objects("targets")).isNotEmpty()
                        .allSatisfy(target -> assertThat(target.text("expr")).isNotBlank());
            }
        }
        assertThat(ids).doesNotHaveDuplicates();
        assertThat(Json.read(text())).containsKeys("templating", "time");
    }
}

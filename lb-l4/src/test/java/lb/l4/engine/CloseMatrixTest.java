package lb.l4.engine;

import java.util.HashSet;
import java.util.Set;
import lb.core.session.SessionRecord;
import lb.l4.engine.CloseCase.Cell;
import lb.l4.engine.CloseCase.Event;
import lb.l4.engine.CloseCase.Impossible;
import lb.l4.engine.CloseCase.Phase;
import lb.l4.engine.CloseCase.Side;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/// How a session ends: {FIN, RST, timeout, refused, drain} x {connecting, relaying, half-closed} x {client, server}.
class CloseMatrixTest {

    @ParameterizedTest
    @MethodSource("lb.l4.engine.CloseCases#all")
    void everyEndTellsBothPeersAndTheRecord(CloseCase played) throws Exception {
        try (CloseStage stage = new CloseStage(played.cell())) {
            played.script().play(stage);

            SessionRecord record = stage.lb().nextRecord();
            assertThat(record.reason().cause()).isEqualTo(played.cause());
            assertThat(record.reason().phase()).isEqualTo(played.endPhase());
            assertThat(record.reason().code()).isEqualTo(played.code());
            assertThat(record.bytesUp()).isEqualTo(played.bytesUp());
            assertThat(record.bytesDown()).isEqualTo(played.bytesDown());
            assertThat(record.tries()).isEqualTo(played.cell().event() == Event.REFUSED ? 2 : 1);
            stage.lb().awaitIdle();
        }
    }

    @Test
    void everyCellIsPlayedOrCannotExist() {
        Set<Cell> seen = new HashSet<>();
        CloseCases.all().forEach(played -> seen.add(played.cell()));
        for (Impossible cell : CloseCases.impossible()) {
            assertThat(seen.add(cell.cell())).describedAs("%s is played: %s", cell.cell(), cell.reason()).isTrue();
        }
        assertThat(seen).hasSize(Event.values().length * Phase.values().length * Side.values().length);
    }
}

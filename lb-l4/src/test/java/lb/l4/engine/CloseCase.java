package lb.l4.engine;

import lb.core.session.EndCause;
import lb.core.session.SessionPhase;

/// One row of the close matrix: a cell, what both peers do and hear, and how the session ends.
record CloseCase(Cell cell, String name, Script script, EndCause cause, SessionPhase endPhase, String code, int bytesUp,
        int bytesDown) {

    enum Event {
        FIN, RST, TIMEOUT, REFUSED, DRAIN
    }

    enum Phase {
        CONNECTING, RELAYING, HALF_CLOSED
    }

    enum Side {
        CLIENT, SERVER
    }

    record Cell(Event event, Phase phase, Side side) {}

    /// What both peers do and hear.
    interface Script {
        void play(CloseStage stage) throws Exception;
    }

    /// A cell that cannot exist, and why.
    record Impossible(Cell cell, String reason) {}

    @Override
    public String toString() {
        return cell.event() + " " + cell.phase() + " " + cell.side() + ": " + name;
    }
}

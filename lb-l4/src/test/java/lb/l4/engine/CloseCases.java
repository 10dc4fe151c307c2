package lb.l4.engine;

import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.stream.Stream;
import lb.core.session.EndCause;
import lb.core.session.SessionPhase;
import lb.l4.engine.CloseCase.Cell;
import lb.l4.engine.CloseCase.Event;
import lb.l4.engine.CloseCase.Impossible;
import lb.l4.engine.CloseCase.Phase;
import lb.l4.engine.CloseCase.Side;
import lb.l4.peers.Heard;
import lb.l4.peers.Heard.End;
import lb.l4.peers.Resetter;
import org.awaitility.Awaitility;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

/// All rows of the close matrix, and the cells that have none.
final class CloseCases {

    private CloseCases() {}

    static Stream<CloseCase> all() {
        return Stream.of(connecting(), relaying(), halfClosedByClient(), halfClosedByServer()).flatMap(List::stream);
    }

    private static List<CloseCase> connecting() {
        return List
                .of(new CloseCase(cell(Event.FIN, Phase.CONNECTING, Side.CLIENT), "a client that sent nothing has left",
                        stage -> {
                            stage.awaitSession();
                            stage.client().shutdownOutput();
                            hears(stage.client(), "", End.FIN);
                        }, EndCause.CLIENT_CLOSED, SessionPhase.CONNECT, "CC", 0, 0),
                        new CloseCase(cell(Event.FIN, Phase.CONNECTING, Side.CLIENT),
                                "a client that sent a request gets its answer",
                                stage -> {
                                    send(stage.client(), "request");
                                    stage.client().shutdownOutput();
                                    hears(stage.server(), "request", End.FIN);
                                    send(stage.server(), "answer");
                                    stage.server().close();
                                    hears(stage.client(), "answer", End.FIN);
                                }, EndCause.NORMAL, SessionPhase.LAST, "--", 7, 6),
                        new CloseCase(cell(Event.RST, Phase.CONNECTING, Side.CLIENT), "the connect is abandoned",
                                stage -> {
                                    stage.awaitSession();
                                    send(stage.client(), "request");
                                    Resetter.reset(stage.client());
                                }, EndCause.CLIENT_RESET, SessionPhase.CONNECT, "CC", 0, 0),
                        new CloseCase(cell(Event.TIMEOUT, Phase.CONNECTING, Side.SERVER), "nobody answers the SYN",
                                stage -> hears(stage.client(), "", End.RST), EndCause.SERVER_TIMEOUT,
                                SessionPhase.CONNECT,
                                "sC", 0, 0),
                        new CloseCase(cell(Event.REFUSED, Phase.CONNECTING, Side.SERVER), "all backends refuse",
                                stage -> assertThat(stage.lb().heardOnConnecting()).isEqualTo(new Heard("", End.RST)),
                                EndCause.SERVER_REFUSED, SessionPhase.CONNECT,
                                "SC", 0, 0),
                        new CloseCase(cell(Event.DRAIN, Phase.CONNECTING, Side.CLIENT), "the client is reset",
                                stage -> {
                                    stage.awaitSession();
                                    stage.drain();
                                    hears(stage.client(), "", End.RST);
                                }, EndCause.DRAIN_TIMEOUT, SessionPhase.CONNECT, "KC", 0, 0));
    }

    private static List<CloseCase> relaying() {
        return List.of(
                new CloseCase(cell(Event.FIN, Phase.RELAYING, Side.CLIENT), "the server may answer, then finishes",
                        stage -> {
                            exchange(stage);
                            stage.client().shutdownOutput();
                            hears(stage.server(), "", End.FIN);
                            send(stage.server(), "bye");
                            stage.server().shutdownOutput();
                            hears(stage.client(), "bye", End.FIN);
                        }, EndCause.NORMAL, SessionPhase.LAST, "--", 4, 7),
                new CloseCase(cell(Event.FIN, Phase.RELAYING, Side.SERVER), "the client may go on, then finishes",
                        stage -> {
                            exchange(stage);
                            stage.server().shutdownOutput();
                            hears(stage.client(), "", End.FIN);
                            send(stage.client(), "more");
                            stage.client().close();
                            hears(stage.server(), "more", End.FIN);
                        }, EndCause.NORMAL, SessionPhase.LAST, "--", 8, 4),
                new CloseCase(cell(Event.RST, Phase.RELAYING, Side.CLIENT), "the server is reset", stage -> {
                    exchange(stage);
                    Resetter.reset(stage.client());
                    hears(stage.server(), "", End.RST);
                }, EndCause.CLIENT_RESET, SessionPhase.DATA, "CD", 4, 4),
                new CloseCase(cell(Event.RST, Phase.RELAYING, Side.CLIENT), "what it had sent arrives first", stage -> {
                    exchange(stage);
                    send(stage.client(), "last words");
                    Resetter.reset(stage.client());
                    hears(stage.server(), "last words", End.RST);
                }, EndCause.CLIENT_RESET, SessionPhase.DATA, "CD", 14, 4),
                new CloseCase(cell(Event.RST, Phase.RELAYING, Side.SERVER), "the client is reset", stage -> {
                    exchange(stage);
                    Resetter.reset(stage.server());
                    hears(stage.client(), "", End.RST);
                }, EndCause.SERVER_RESET, SessionPhase.DATA, "SD", 4, 4),
                new CloseCase(cell(Event.RST, Phase.RELAYING, Side.SERVER), "what it had sent arrives first", stage -> {
                    exchange(stage);
                    send(stage.server(), "last words");
                    Resetter.reset(stage.server());
                    hears(stage.client(), "last words", End.RST);
                }, EndCause.SERVER_RESET, SessionPhase.DATA, "SD", 4, 14),
                new CloseCase(cell(Event.TIMEOUT, Phase.RELAYING, Side.CLIENT), "the client owes an answer", stage -> {
                    exchange(stage);
                    hears(stage.client(), "", End.RST);
                    hears(stage.server(), "", End.RST);
                }, EndCause.CLIENT_TIMEOUT, SessionPhase.DATA, "cD", 4, 4),
                new CloseCase(cell(Event.TIMEOUT, Phase.RELAYING, Side.SERVER), "the server owes an answer", stage -> {
                    send(stage.client(), "ping");
                    reads(stage.server(), "ping");
                    hears(stage.client(), "", End.RST);
                    hears(stage.server(), "", End.RST);
                }, EndCause.SERVER_TIMEOUT, SessionPhase.DATA, "sD", 4, 0),
                new CloseCase(cell(Event.DRAIN, Phase.RELAYING, Side.CLIENT), "the client is reset", stage -> {
                    exchange(stage);
                    stage.drain();
                    hears(stage.client(), "", End.RST);
                }, EndCause.DRAIN_TIMEOUT, SessionPhase.DATA, "KD", 4, 4),
                new CloseCase(cell(Event.DRAIN, Phase.RELAYING, Side.SERVER), "the server is reset", stage -> {
                    exchange(stage);
                    stage.drain();
                    hears(stage.server(), "", End.RST);
                }, EndCause.DRAIN_TIMEOUT, SessionPhase.DATA, "KD", 4, 4));
    }

    private static List<CloseCase> halfClosedByClient() {
        return List.of(new CloseCase(cell(Event.FIN, Phase.HALF_CLOSED, Side.SERVER), "both have finished", stage -> {
            clientFinishes(stage);
            stage.server().close();
            hears(stage.client(), "", End.FIN);
        }, EndCause.NORMAL, SessionPhase.LAST, "--", 4, 4),
                new CloseCase(cell(Event.RST, Phase.HALF_CLOSED, Side.SERVER), "the client waits for more", stage -> {
                    clientFinishes(stage);
                    send(stage.server(), "last words");
                    Resetter.reset(stage.server());
                    hears(stage.client(), "last words", End.RST);
                }, EndCause.SERVER_RESET, SessionPhase.LAST, "SL", 4, 14),
                new CloseCase(cell(Event.RST, Phase.HALF_CLOSED, Side.CLIENT), "it had finished, and gives up",
                        stage -> {
                            clientFinishes(stage);
                            Resetter.reset(stage.client());
                            hearsOnlyReset(stage.server());
                        }, EndCause.CLIENT_RESET, SessionPhase.LAST, "CL", 4, 4),
                new CloseCase(cell(Event.TIMEOUT, Phase.HALF_CLOSED, Side.SERVER), "the server does not finish",
                        stage -> {
                            clientFinishes(stage);
                            hears(stage.client(), "", End.RST);
                            hearsOnlyReset(stage.server());
                        }, EndCause.SERVER_TIMEOUT, SessionPhase.LAST, "sL", 4, 4),
                new CloseCase(cell(Event.DRAIN, Phase.HALF_CLOSED, Side.SERVER), "both are reset", stage -> {
                    clientFinishes(stage);
                    stage.drain();
                    hears(stage.client(), "", End.RST);
                    hearsOnlyReset(stage.server());
                }, EndCause.DRAIN_TIMEOUT, SessionPhase.LAST, "KL", 4, 4));
    }

    private static List<CloseCase> halfClosedByServer() {
        return List.of(new CloseCase(cell(Event.FIN, Phase.HALF_CLOSED, Side.CLIENT), "both have finished", stage -> {
            serverFinishes(stage);
            stage.client().close();
            hears(stage.server(), "", End.FIN);
        }, EndCause.NORMAL, SessionPhase.LAST, "--", 4, 4),
                new CloseCase(cell(Event.RST, Phase.HALF_CLOSED, Side.CLIENT), "the server waits for more", stage -> {
                    serverFinishes(stage);
                    send(stage.client(), "last words");
                    Resetter.reset(stage.client());
                    hears(stage.server(), "last words", End.RST);
                }, EndCause.CLIENT_RESET, SessionPhase.LAST, "CL", 14, 4),
                new CloseCase(cell(Event.RST, Phase.HALF_CLOSED, Side.SERVER), "it had finished, and gives up",
                        stage -> {
                            serverFinishes(stage);
                            Resetter.reset(stage.server());
                            hearsOnlyReset(stage.client());
                        }, EndCause.SERVER_RESET, SessionPhase.LAST, "SL", 4, 4),
                new CloseCase(cell(Event.TIMEOUT, Phase.HALF_CLOSED, Side.CLIENT), "the client does not finish",
                        stage -> {
                            serverFinishes(stage);
                            hears(stage.server(), "", End.RST);
                            hearsOnlyReset(stage.client());
                        }, EndCause.CLIENT_TIMEOUT, SessionPhase.LAST, "cL", 4, 4),
                new CloseCase(cell(Event.DRAIN, Phase.HALF_CLOSED, Side.CLIENT), "both are reset", stage -> {
                    serverFinishes(stage);
                    stage.drain();
                    hears(stage.server(), "", End.RST);
                    hearsOnlyReset(stage.client());
                }, EndCause.DRAIN_TIMEOUT, SessionPhase.LAST, "KL", 4, 4));
    }

    static List<Impossible> impossible() {
        return List.of(
                new Impossible(cell(Event.FIN, Phase.CONNECTING, Side.SERVER),
                        "a server that has not answered the SYN has nothing to finish"),
                new Impossible(cell(Event.RST, Phase.CONNECTING, Side.SERVER),
                        "an RST in answer to the SYN is REFUSED"),
                new Impossible(cell(Event.TIMEOUT, Phase.CONNECTING, Side.CLIENT),
                        "nothing is expected of the client until a backend is connected"),
                new Impossible(cell(Event.DRAIN, Phase.CONNECTING, Side.SERVER),
                        "the server has no connection that could be reset"),
                new Impossible(cell(Event.REFUSED, Phase.CONNECTING, Side.CLIENT), "nobody connects to a client"),
                new Impossible(cell(Event.REFUSED, Phase.RELAYING, Side.CLIENT), "nobody connects to a client"),
                new Impossible(cell(Event.REFUSED, Phase.HALF_CLOSED, Side.CLIENT), "nobody connects to a client"),
                new Impossible(cell(Event.REFUSED, Phase.RELAYING, Side.SERVER), "it is connected"),
                new Impossible(cell(Event.REFUSED, Phase.HALF_CLOSED, Side.SERVER), "it is connected"));
    }

    private static Cell cell(Event event, Phase phase, Side side) {
        return new Cell(event, phase, side);
    }

    /// One message each way.
    private static void exchange(CloseStage stage) throws IOException {
        send(stage.client(), "ping");
        reads(stage.server(), "ping");
        send(stage.server(), "pong");
        reads(stage.client(), "pong");
    }

    private static void clientFinishes(CloseStage stage) throws IOException {
        exchange(stage);
        stage.client().shutdownOutput();
        hears(stage.server(), "", End.FIN);
    }

    private static void serverFinishes(CloseStage stage) throws IOException {
        exchange(stage);
        stage.server().shutdownOutput();
        hears(stage.client(), "", End.FIN);
    }

    private static void send(Socket from, String text) throws IOException {
        from.getOutputStream().write(text.getBytes(ISO_8859_1));
    }

    private static void reads(Socket at, String text) throws IOException {
        assertThat(new String(at.getInputStream().readNBytes(text.length()), ISO_8859_1)).isEqualTo(text);
    }

    private static void hears(Socket peer, String text, End end) throws IOException {
        assertThat(Heard.by(peer)).isEqualTo(new Heard(text, end));
    }

    /// A peer that has read the end of its input hears of a reset when it writes.
    private static void hearsOnlyReset(Socket peer) {
        Awaitility.await().until(() -> {
            try {
                peer.getOutputStream().write(0);
                return false;
            } catch (IOException e) {
                return true;
            }
        });
    }
}

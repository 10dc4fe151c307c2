package lb.l4.engine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import lb.core.config.TestConfigs;
import lb.core.config.TestConfigs.PoolBuilder;
import lb.core.session.EndCause;
import lb.core.session.SessionPhase;
import lb.core.session.SessionRecord;
import lb.l4.peers.FullBacklog;
import lb.l4.peers.Heard;
import lb.l4.peers.Heard.End;
import lb.l4.peers.RefusedPort;
import lb.l4.peers.Resetter;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

/// How a session ends: {FIN, RST, timeout, refused, drain} x {connecting, relaying, half-closed} x {client, server}.
class CloseMatrixTest {

    private static final Duration SHORT = Duration.ofMillis(250);
    private static final Duration LONG = Duration.ofSeconds(50);

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
        void play(Stage stage) throws Exception;
    }

    record Case(Cell cell, String name, Script script, EndCause cause, SessionPhase endPhase, String code,
            int bytesUp, int bytesDown) {
        @Override
        public String toString() {
            return cell.event() + " " + cell.phase() + " " + cell.side() + ": " + name;
        }
    }

    /// A cell that cannot exist, and why.
    private record Impossible(Cell cell, String reason) {}

    /// A balancer, a client and a server for one session.
    static final class Stage implements AutoCloseable {
        private final @Nullable ServerSocket server;
        private final @Nullable FullBacklog full;
        private final RefusedPort refused = new RefusedPort();
        private final RefusedPort refusedToo = new RefusedPort();
        private final Balancer lb;
        private final Socket client;
        private @Nullable Socket accepted;

        Stage(Case played) throws IOException {
            Cell cell = played.cell();
            PoolBuilder pool;
            if (cell.event() == Event.REFUSED) {
                server = null;
                full = null;
                pool = PoolBuilder.out(refused.address(), refusedToo.address());
            } else if (cell.phase() == Phase.CONNECTING) {
                server = null;
                full = new FullBacklog();
                pool = PoolBuilder.out(full.address());
            } else {
                ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                listening.setSoTimeout(20_000);
                server = listening;
                full = null;
                pool = PoolBuilder.out((InetSocketAddress) listening.getLocalSocketAddress());
            }
            if (cell.event() == Event.TIMEOUT) {
                pool = switch (cell.phase()) {
                    case CONNECTING -> pool.connectTimeout(SHORT);
                    case RELAYING -> pool.idleTimeout(SHORT);
                    case HALF_CLOSED -> pool.finTimeout(SHORT).idleTimeout(LONG);
                };
            }
            lb = new Balancer(TestConfigs.lb(pool.build()));
            // A client that is refused may not even learn that it was connected.
            client = cell.event() == Event.REFUSED ? new Socket() : lb.connect();
        }

        Socket client() {
            return client;
        }

        /// The backend's end of the connection, which is awaited when it is first asked for.
        Socket server() throws IOException {
            Socket present = accepted;
            if (present == null) {
                if (full != null) {
                    present = full.acceptWaiting();
                } else if (server != null) {
                    present = server.accept();
                } else {
                    throw new IllegalStateException("the server is never reached");
                }
                present.setSoTimeout(20_000);
                accepted = present;
            }
            return present;
        }

        /// Returns when the session exists, and with it its attempt to connect.
        void awaitSession() {
            Awaitility.await().until(() -> lb.engine().pool("out").active() == 1);
        }

        void drain() {
            assertThat(lb.engine().drain(Duration.ofMillis(1)).join()).isEqualTo(1);
        }

        @Override
        public void close() throws IOException {
            lb.close();
            client.close();
            if (accepted != null) {
                accepted.close();
            }
            if (server != null) {
                server.close();
            }
            if (full != null) {
                full.close();
            }
            refused.close();
            refusedToo.close();
        }
    }

    @ParameterizedTest
    @MethodSource
    void everyEndTellsBothPeersAndTheRecord(Case played) throws Exception {
        try (Stage stage = new Stage(played)) {
            played.script().play(stage);

            SessionRecord record = stage.lb.nextRecord();
            assertThat(record.reason().cause()).isEqualTo(played.cause());
            assertThat(record.reason().phase()).isEqualTo(played.endPhase());
            assertThat(record.reason().code()).isEqualTo(played.code());
            assertThat(record.bytesUp()).isEqualTo(played.bytesUp());
            assertThat(record.bytesDown()).isEqualTo(played.bytesDown());
            assertThat(record.tries()).isEqualTo(played.cell().event() == Event.REFUSED ? 2 : 1);
            stage.lb.awaitIdle();
        }
    }

    @Test
    void everyCellIsPlayedOrCannotExist() {
        Set<Cell> seen = new HashSet<>();
        everyEndTellsBothPeersAndTheRecord().forEach(played -> seen.add(played.cell()));
        for (Impossible cell : impossible()) {
            assertThat(seen.add(cell.cell())).describedAs("%s is played: %s", cell.cell(), cell.reason()).isTrue();
        }
        assertThat(seen).hasSize(Event.values().length * Phase.values().length * Side.values().length);
    }

    static Stream<Case> everyEndTellsBothPeersAndTheRecord() {
        return Stream.of(connecting(), relaying(), halfClosedByClient(), halfClosedByServer()).flatMap(List::stream);
    }

    private static List<Case> connecting() {
        return List.of(new Case(cell(Event.FIN, Phase.CONNECTING, Side.CLIENT), "a client that sent nothing has left",
                stage -> {
                    stage.awaitSession();
                    stage.client().shutdownOutput();
                    hears(stage.client(), "", End.FIN);
                }, EndCause.CLIENT_CLOSED, SessionPhase.CONNECT, "CC", 0, 0),
                new Case(cell(Event.FIN, Phase.CONNECTING, Side.CLIENT), "a client that sent a request gets its answer",
                        stage -> {
                            send(stage.client(), "request");
                            stage.client().shutdownOutput();
                            hears(stage.server(), "request", End.FIN);
                            send(stage.server(), "answer");
                            stage.server().close();
                            hears(stage.client(), "answer", End.FIN);
                        }, EndCause.NORMAL, SessionPhase.LAST, "--", 7, 6),
                new Case(cell(Event.RST, Phase.CONNECTING, Side.CLIENT), "the connect is abandoned", stage -> {
                    stage.awaitSession();
                    send(stage.client(), "request");
                    Resetter.reset(stage.client());
                }, EndCause.CLIENT_RESET, SessionPhase.CONNECT, "CC", 0, 0),
                new Case(cell(Event.TIMEOUT, Phase.CONNECTING, Side.SERVER), "nobody answers the SYN",
                        stage -> hears(stage.client(), "", End.RST), EndCause.SERVER_TIMEOUT, SessionPhase.CONNECT,
                        "sC", 0, 0),
                new Case(cell(Event.REFUSED, Phase.CONNECTING, Side.SERVER), "all backends refuse",
                        stage -> assertThat(stage.lb.heardOnConnecting()).isEqualTo(new Heard("", End.RST)),
                        EndCause.SERVER_REFUSED, SessionPhase.CONNECT,
                        "SC", 0, 0),
                new Case(cell(Event.DRAIN, Phase.CONNECTING, Side.CLIENT), "the client is reset", stage -> {
                    stage.awaitSession();
                    stage.drain();
                    hears(stage.client(), "", End.RST);
                }, EndCause.DRAIN_TIMEOUT, SessionPhase.CONNECT, "KC", 0, 0));
    }

    private static List<Case> relaying() {
        return List.of(
                new Case(cell(Event.FIN, Phase.RELAYING, Side.CLIENT), "the server may answer, then finishes",
                        stage -> {
                            exchange(stage);
                            stage.client().shutdownOutput();
                            hears(stage.server(), "", End.FIN);
                            send(stage.server(), "bye");
                            stage.server().shutdownOutput();
                            hears(stage.client(), "bye", End.FIN);
                        }, EndCause.NORMAL, SessionPhase.LAST, "--", 4, 7),
                new Case(cell(Event.FIN, Phase.RELAYING, Side.SERVER), "the client may go on, then finishes", stage -> {
                    exchange(stage);
                    stage.server().shutdownOutput();
                    hears(stage.client(), "", End.FIN);
                    send(stage.client(), "more");
                    stage.client().close();
                    hears(stage.server(), "more", End.FIN);
                }, EndCause.NORMAL, SessionPhase.LAST, "--", 8, 4),
                new Case(cell(Event.RST, Phase.RELAYING, Side.CLIENT), "the server is reset", stage -> {
                    exchange(stage);
                    Resetter.reset(stage.client());
                    hears(stage.server(), "", End.RST);
                }, EndCause.CLIENT_RESET, SessionPhase.DATA, "CD", 4, 4),
                new Case(cell(Event.RST, Phase.RELAYING, Side.CLIENT), "what it had sent arrives first", stage -> {
                    exchange(stage);
                    send(stage.client(), "last words");
                    Resetter.reset(stage.client());
                    hears(stage.server(), "last words", End.RST);
                }, EndCause.CLIENT_RESET, SessionPhase.DATA, "CD", 14, 4),
                new Case(cell(Event.RST, Phase.RELAYING, Side.SERVER), "the client is reset", stage -> {
                    exchange(stage);
                    Resetter.reset(stage.server());
                    hears(stage.client(), "", End.RST);
                }, EndCause.SERVER_RESET, SessionPhase.DATA, "SD", 4, 4),
                new Case(cell(Event.RST, Phase.RELAYING, Side.SERVER), "what it had sent arrives first", stage -> {
                    exchange(stage);
                    send(stage.server(), "last words");
                    Resetter.reset(stage.server());
                    hears(stage.client(), "last words", End.RST);
                }, EndCause.SERVER_RESET, SessionPhase.DATA, "SD", 4, 14),
                new Case(cell(Event.TIMEOUT, Phase.RELAYING, Side.CLIENT), "the client owes an answer", stage -> {
                    exchange(stage);
                    hears(stage.client(), "", End.RST);
                    hears(stage.server(), "", End.RST);
                }, EndCause.CLIENT_TIMEOUT, SessionPhase.DATA, "cD", 4, 4),
                new Case(cell(Event.TIMEOUT, Phase.RELAYING, Side.SERVER), "the server owes an answer", stage -> {
                    send(stage.client(), "ping");
                    reads(stage.server(), "ping");
                    hears(stage.client(), "", End.RST);
                    hears(stage.server(), "", End.RST);
                }, EndCause.SERVER_TIMEOUT, SessionPhase.DATA, "sD", 4, 0),
                new Case(cell(Event.DRAIN, Phase.RELAYING, Side.CLIENT), "the client is reset", stage -> {
                    exchange(stage);
                    stage.drain();
                    hears(stage.client(), "", End.RST);
                }, EndCause.DRAIN_TIMEOUT, SessionPhase.DATA, "KD", 4, 4),
                new Case(cell(Event.DRAIN, Phase.RELAYING, Side.SERVER), "the server is reset", stage -> {
                    exchange(stage);
                    stage.drain();
                    hears(stage.server(), "", End.RST);
                }, EndCause.DRAIN_TIMEOUT, SessionPhase.DATA, "KD", 4, 4));
    }

    private static List<Case> halfClosedByClient() {
        return List.of(new Case(cell(Event.FIN, Phase.HALF_CLOSED, Side.SERVER), "both have finished", stage -> {
            clientFinishes(stage);
            stage.server().close();
            hears(stage.client(), "", End.FIN);
        }, EndCause.NORMAL, SessionPhase.LAST, "--", 4, 4),
                new Case(cell(Event.RST, Phase.HALF_CLOSED, Side.SERVER), "the client waits for more", stage -> {
                    clientFinishes(stage);
                    send(stage.server(), "last words");
                    Resetter.reset(stage.server());
                    hears(stage.client(), "last words", End.RST);
                }, EndCause.SERVER_RESET, SessionPhase.LAST, "SL", 4, 14),
                new Case(cell(Event.RST, Phase.HALF_CLOSED, Side.CLIENT), "it had finished, and gives up", stage -> {
                    clientFinishes(stage);
                    Resetter.reset(stage.client());
                    hearsOnlyReset(stage.server());
                }, EndCause.CLIENT_RESET, SessionPhase.LAST, "CL", 4, 4),
                new Case(cell(Event.TIMEOUT, Phase.HALF_CLOSED, Side.SERVER), "the server does not finish", stage -> {
                    clientFinishes(stage);
                    hears(stage.client(), "", End.RST);
                    hearsOnlyReset(stage.server());
                }, EndCause.SERVER_TIMEOUT, SessionPhase.LAST, "sL", 4, 4),
                new Case(cell(Event.DRAIN, Phase.HALF_CLOSED, Side.SERVER), "both are reset", stage -> {
                    clientFinishes(stage);
                    stage.drain();
                    hears(stage.client(), "", End.RST);
                    hearsOnlyReset(stage.server());
                }, EndCause.DRAIN_TIMEOUT, SessionPhase.LAST, "KL", 4, 4));
    }

    private static List<Case> halfClosedByServer() {
        return List.of(new Case(cell(Event.FIN, Phase.HALF_CLOSED, Side.CLIENT), "both have finished", stage -> {
            serverFinishes(stage);
            stage.client().close();
            hears(stage.server(), "", End.FIN);
        }, EndCause.NORMAL, SessionPhase.LAST, "--", 4, 4),
                new Case(cell(Event.RST, Phase.HALF_CLOSED, Side.CLIENT), "the server waits for more", stage -> {
                    serverFinishes(stage);
                    send(stage.client(), "last words");
                    Resetter.reset(stage.client());
                    hears(stage.server(), "last words", End.RST);
                }, EndCause.CLIENT_RESET, SessionPhase.LAST, "CL", 14, 4),
                new Case(cell(Event.RST, Phase.HALF_CLOSED, Side.SERVER), "it had finished, and gives up", stage -> {
                    serverFinishes(stage);
                    Resetter.reset(stage.server());
                    hearsOnlyReset(stage.client());
                }, EndCause.SERVER_RESET, SessionPhase.LAST, "SL", 4, 4),
                new Case(cell(Event.TIMEOUT, Phase.HALF_CLOSED, Side.CLIENT), "the client does not finish", stage -> {
                    serverFinishes(stage);
                    hears(stage.server(), "", End.RST);
                    hearsOnlyReset(stage.client());
                }, EndCause.CLIENT_TIMEOUT, SessionPhase.LAST, "cL", 4, 4),
                new Case(cell(Event.DRAIN, Phase.HALF_CLOSED, Side.CLIENT), "both are reset", stage -> {
                    serverFinishes(stage);
                    stage.drain();
                    hears(stage.server(), "", End.RST);
                    hearsOnlyReset(stage.client());
                }, EndCause.DRAIN_TIMEOUT, SessionPhase.LAST, "KL", 4, 4));
    }

    private static List<Impossible> impossible() {
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
    private static void exchange(Stage stage) throws IOException {
        send(stage.client(), "ping");
        reads(stage.server(), "ping");
        send(stage.server(), "pong");
        reads(stage.client(), "pong");
    }

    private static void clientFinishes(Stage stage) throws IOException {
        exchange(stage);
        stage.client().shutdownOutput();
        hears(stage.server(), "", End.FIN);
    }

    private static void serverFinishes(Stage stage) throws IOException {
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

package lb.l4.chaos;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import lb.l4.peers.Manners;

/// Plays the backend's part of each [Script] that a client begins, and looks that what ends with FIN is whole.
public final class ScriptedServer implements Manners {

    private final Findings findings;

    public ScriptedServer(Findings findings) {
        this.findings = findings;
    }

    @Override
    public void serve(Socket peer) throws IOException {
        peer.setTcpNoDelay(true);
        peer.setSoTimeout(Player.TIMEOUT_MILLIS);
        long seed;
        try {
            seed = new DataInputStream(peer.getInputStream()).readLong();
        } catch (EOFException e) {
            return; // A probe.
        } catch (SocketTimeoutException e) {
            findings.add("every session ends", "a backend waits for a client's first bytes, from " + peer);
            return;
        }
        Script script = Script.of(seed);
        try {
            Player.Heard heard = new Player(peer, script.backend()).play();
            boolean isCutShort = heard.hasEnded() && heard.received() < script.client().bytes();
            findings.check(!isCutShort, "byte-exact relays",
                    "a backend got FIN after " + heard.received() + " bytes of " + script);
        } catch (AssertionError e) {
            findings.add("byte-exact relays", "at the backend of " + script + ": " + e.getMessage());
        }
    }
}

package lb.l4.peers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.util.Objects;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/// What a peer heard until its connection ended, and how that was told to it.
public record Heard(String text, End end) {

    /// How a connection ended for a peer.
    public enum End {
        FIN, RST
    }

    public static boolean isReset(SocketException e) {
        return Objects.requireNonNullElse(e.getMessage(), "").contains("reset");
    }

    /// Reads to the end, at most as long as the socket's timeout.
    public static Heard by(Socket socket) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        End end = End.FIN;
        try {
            socket.getInputStream().transferTo(bytes);
        } catch (SocketException e) {
            if (!isReset(e)) {
                throw e;
            }
            end = End.RST;
        }
        return new Heard(bytes.toString(ISO_8859_1), end);
    }
}

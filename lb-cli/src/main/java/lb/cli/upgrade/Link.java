package lb.cli.upgrade;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import lb.cli.json.Json;
import lb.cli.json.JsonObject;
import lb.l4.linux.UnixStream;

/// The connection between two processes in a hand-over: messages of a length of four bytes, a JSON object and perhaps
/// descriptors. Fields that nobody knows are left alone, so that versions may differ.
///
/// Threading: one thread at a time; calls block it until a deadline.
final class Link implements AutoCloseable {

    /// The rules of the conversation; two processes of different numbers do not talk to each other.
    static final int PROTOCOL = 1;
    /// Descriptors that go with one message.
    static final int CHUNK = 250;

    private static final int MOST_BYTES = 16 << 20;

    private final UnixStream stream;

    /// A message.
    ///
    /// @param descriptors which are the receiver's to close
    record Message(JsonObject fields, List<Integer> descriptors) {
        String type() {
            return fields.text("type");
        }
    }

    /// The other process has given up, and says why.
    static final class GivenUp extends IOException {
        private static final long serialVersionUID = 1;

        private final List<String> problems;

        GivenUp(String reason, List<String> problems) {
            super(reason);
            this.problems = List.copyOf(problems);
        }

        /// What is wrong with its configuration.
        List<String> problems() {
            return problems;
        }
    }

    Link(UnixStream stream) {
        this.stream = stream;
    }

    static long in(Duration time) {
        return System.nanoTime() + time.toNanos();
    }

    void send(String type, Json.Writing fields, long deadlineNanos) throws IOException {
        send(type, fields, List.of(), deadlineNanos);
    }

    /// @param descriptors at most [#CHUNK]; the other process gets copies
    void send(String type, Json.Writing fields, List<Integer> descriptors, long deadlineNanos) throws IOException {
        byte[] text = Json.object(out -> {
            out.writeStringField("type", type);
            fields.to(out);
        }).getBytes(StandardCharsets.UTF_8);
        byte[] bytes = ByteBuffer.allocate(Integer.BYTES + text.length).putInt(text.length).put(text).array();
        stream.send(bytes, descriptors, deadlineNanos);
    }

    /// Says that this process goes no further.
    void giveUp(String reason, List<?> problems, long deadlineNanos) throws IOException {
        send("given-up", out -> {
            out.writeStringField("reason", reason);
            Json.list(out, "problems", problems);
        }, deadlineNanos);
    }

    /// @throws GivenUp if the other process has
    Message receive(long deadlineNanos) throws IOException {
        List<Integer> descriptors = new ArrayList<>();
        try {
            int length = ByteBuffer.wrap(stream.receive(Integer.BYTES, descriptors, deadlineNanos)).getInt();
            if (length < 0 || length > MOST_BYTES) {
                throw new IOException("a message of " + length + " bytes");
            }
            byte[] text = stream.receive(length, descriptors, deadlineNanos);
            Message message = new Message(JsonObject.of(new String(text, StandardCharsets.UTF_8)), descriptors);
            if (message.type().equals("given-up")) {
                throw new GivenUp(message.fields().text("reason"), message.fields().texts("problems"));
            }
            return message;
        } catch (IOException | RuntimeException e) {
            UnixStream.closeAll(descriptors);
            throw e;
        }
    }

    /// Receives what has to come next, without descriptors.
    JsonObject expect(String type, long deadlineNanos) throws IOException {
        Message message = receive(deadlineNanos);
        UnixStream.closeAll(message.descriptors());
        if (!message.type().equals(type)) {
            throw new IOException("expected \"" + type + "\", got \"" + message.type() + "\"");
        }
        return message.fields();
    }

    int peerProcess() throws IOException {
        return stream.peerProcess();
    }

    int peerUser() throws IOException {
        return stream.peerUser();
    }

    @Override
    public void close() {
        stream.close();
    }
}

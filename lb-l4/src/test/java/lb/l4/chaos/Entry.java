package lb.l4.chaos;

import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import lb.core.session.SessionRecord;

/// What a session's record, or its line in the access log, says.
///
/// @param client as text
/// @param millis when it was accepted
/// @param endMillis when it ended
/// @param cause of its end, in words
public record Entry(String id, String client, long millis, long endMillis, boolean isUdp, long bytesUp, long bytesDown,
        long datagramsUp, long datagramsDown, String cause) {

    public static Entry of(SessionRecord record) {
        return new Entry(record.id(), text(record.peer()), record.acceptedMillis(),
                record.acceptedMillis() + TimeUnit.NANOSECONDS.toMillis(record.durationNanos()), record.isUdp(),
                record.bytesUp(),
                record.bytesDown(), record.datagramsUp(), record.datagramsDown(), record.reason().cause().name());
    }

    static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    boolean isNormal() {
        return cause.equalsIgnoreCase("normal");
    }

    /// Whether it is of a flow whose first and only datagram was refused by its backend.
    boolean mayHavePassedOn() {
        return cause.equalsIgnoreCase("server_refused") && datagramsUp == 1 && datagramsDown == 0;
    }

    /// All of the id but the number that counts the sessions of a worker.
    String series() {
        return id.substring(0, numberAt());
    }

    long number() {
        return Long.parseLong(id.substring(numberAt()), 16);
    }

    private int numberAt() {
        return id.lastIndexOf('-') + (isUdp ? 2 : 1);
    }
}

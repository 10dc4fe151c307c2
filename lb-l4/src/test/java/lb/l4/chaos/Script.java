package lb.l4.chaos;

import java.util.Random;

/// What the two peers of one session do, all of it drawn from one number. The client sends that number first, so that the
/// backend knows its part too, wherever it runs.
///
/// @param seed the number
public record Script(long seed, Part client, Part backend) {

    /// The client's first bytes are the number.
    static final int HEADER_BYTES = Long.BYTES;

    private static final int MOST_BYTES_BITS = 22;
    private static final int MOST_DRIPS = 20;
    private static final int MOST_WRITES = 200;

    /// What is wrong with a peer.
    public enum Vice {
        /// Writes, finishes, and reads to the end.
        NONE,
        /// Sends RST in the middle of what it has to send.
        RESETS,
        /// Does not read for a while.
        STALLS,
        /// Reads little at a time, with pauses.
        READS_SLOWLY,
        /// Sends a few bytes, one at a time.
        DRIPS,
        /// Sends nothing until its peer has finished.
        WAITS_FOR_THE_END
    }

    /// One peer's part.
    ///
    /// @param bytes that it sends, but for [Vice#RESETS]
    /// @param mostAtOnce bytes of a write
    /// @param at position in the stream where the vice shows
    /// @param pauseMillis how long it stalls, or rests between two drips
    public record Part(int bytes, int mostAtOnce, Vice vice, int at, int pauseMillis) {

        private static Part drawn(Random random, Vice vice) {
            int bytes = vice == Vice.DRIPS
                    ? random.nextInt(MOST_DRIPS)
                    : random.nextInt(1 << random.nextInt(1, MOST_BYTES_BITS));
            int mostAtOnce = vice == Vice.DRIPS
                    ? 1
                    : 1 + bytes / MOST_WRITES + random.nextInt(1 << random.nextInt(10, 18));
            int pauseMillis = vice == Vice.DRIPS ? 1 + random.nextInt(3) : 10 + random.nextInt(150);
            return new Part(bytes, mostAtOnce, vice, random.nextInt(bytes + 1), pauseMillis);
        }
    }

    public static Script of(long seed) {
        Random random = new Random(seed);
        Vice ofClient = vice(random);
        Vice ofBackend = vice(random);
        if (ofClient == Vice.WAITS_FOR_THE_END) {
            // Not both, or they would wait for ever.
            ofBackend = ofBackend == Vice.WAITS_FOR_THE_END ? Vice.NONE : ofBackend;
        }
        return new Script(seed, Part.drawn(random, ofClient), Part.drawn(random, ofBackend));
    }

    /// A third of them has none.
    private static Vice vice(Random random) {
        Vice[] vices = Vice.values();
        return random.nextInt(3) == 0 ? Vice.NONE : vices[random.nextInt(vices.length)];
    }

    /// Whether a peer ends it with RST.
    public boolean hasReset() {
        return client.vice == Vice.RESETS || backend.vice == Vice.RESETS;
    }
}

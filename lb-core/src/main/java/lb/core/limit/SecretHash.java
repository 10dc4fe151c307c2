package lb.core.limit;

import java.security.SecureRandom;

/// SipHash-2-4 (Aumasson and Bernstein, 2012) of 16 bytes under a key that nobody outside of the process can know: who
/// chooses the input cannot choose the bucket.
///
/// Threading: immutable.
final class SecretHash {

    private static final int INPUT_BYTES = 16;
    private static final int COMPRESSION_ROUNDS = 2;
    private static final int FINAL_ROUNDS = 4;

    private final long key0;
    private final long key1;

    SecretHash(long key0, long key1) {
        this.key0 = key0;
        this.key1 = key1;
    }

    static SecretHash random() {
        SecureRandom random = new SecureRandom();
        return new SecretHash(random.nextLong(), random.nextLong());
    }

    /// @param first the input's first eight bytes, the lowest first
    /// @param second the others
    long of(long first, long second) {
        long v0 = key0 ^ 0x736f6d6570736575L;
        long v1 = key1 ^ 0x646f72616e646f6dL;
        long v2 = key0 ^ 0x6c7967656e657261L;
        long v3 = key1 ^ 0x7465646279746573L;
        for (int step = 0; step < 4; step++) {
            // The two words, the length in the highest byte, and the end.
            long word = step == 0 ? first : step == 1 ? second : step == 2 ? (long) INPUT_BYTES << 56 : 0;
            int rounds = step < 3 ? COMPRESSION_ROUNDS : FINAL_ROUNDS;
            if (step == 3) {
                v2 ^= 0xff;
            }
            v3 ^= word;
            for (int i = 0; i < rounds; i++) {
                v0 += v1;
                v2 += v3;
                v1 = Long.rotateLeft(v1, 13) ^ v0;
                v3 = Long.rotateLeft(v3, 16) ^ v2;
                v0 = Long.rotateLeft(v0, 32);
                v2 += v1;
                v0 += v3;
                v1 = Long.rotateLeft(v1, 17) ^ v2;
                v3 = Long.rotateLeft(v3, 21) ^ v0;
                v2 = Long.rotateLeft(v2, 32);
            }
            v0 ^= word;
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }
}

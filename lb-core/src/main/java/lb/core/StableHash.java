package lb.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// The 64-bit hash under flows and backend ids. It is part of the contract
/// between processes that share a configuration: it has no seed, depends on no
/// JDK version, and never changes without a major version.
///
/// Threading: pure functions.
public final class StableHash {

    /*
     * Definition. State h starts at SEED. The input is cut into words of 8 bytes, first byte highest, and each is
     * absorbed by h = mix(h ^ word). The 0 to 7 bytes that are left make a last word, right-aligned, with the input's
     * length modulo 256 in its highest byte; it is absorbed even if no byte is left, so that inputs of different
     * lengths never run into one another. As mix is a bijection with full avalanche, each step is one, too: two inputs
     * of at most 7 bytes never collide.
     *
     * It is not meant to withstand somebody who searches collisions: no hash without a secret seed is.
     */

    /// 2^64 divided by the golden ratio: an odd number without a pattern.
    public static final long GOLDEN = 0x9e3779b97f4a7c15L;

    /// The state before the first word.
    public static final long SEED = GOLDEN;

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private StableHash() {}

    /// The hash of a text's UTF-8 bytes.
    public static long of(String text) {
        return absorb(SEED, text.getBytes(StandardCharsets.UTF_8));
    }

    /// Mixes all of `bytes`, and their number, into `state`.
    public static long absorb(long state, byte[] bytes) {
        long hash = state;
        int at = 0;
        for (; at + Long.BYTES <= bytes.length; at += Long.BYTES) {
            hash = mix(hash ^ (long) WORD.get(bytes, at));
        }
        long last = 0;
        for (; at < bytes.length; at++) {
            last = (last << Byte.SIZE) | (bytes[at] & 0xFF);
        }
        return mix(hash ^ last ^ ((long) bytes.length << 56));
    }

    /// A bijection in which every input bit flips every output bit with a
    /// probability of one half: variant 13 of David Stafford's finalisers (2011),
    /// as in SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    public static long mix(long value) {
        long hash = value;
        hash = (hash ^ (hash >>> 30)) * 0xbf58476d1ce4e5b9L;
        hash = (hash ^ (hash >>> 27)) * 0x94d049bb133111ebL;
        return hash ^ (hash >>> 31);
    }
}

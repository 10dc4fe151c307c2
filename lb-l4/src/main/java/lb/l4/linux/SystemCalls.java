package lb.l4.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

/// Calls of C functions that set errno.
///
/// Threading: confined to one thread.
abstract sealed class SystemCalls permits Linux, Datagrams {

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final long STATE_BYTES = STATE.byteSize();
    private static final long ERRNO_OFFSET = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    /*
     * One shape of call for all functions, with the function as its first argument: linking a shape takes the JVM some
     * milliseconds. A function that takes fewer arguments, or narrower ones, does not look at the other bits (System V
     * and AArch64 calling conventions); of an int that is returned only the lower half means something.
     */
    private static final MethodHandle CALL = LINKER.downcallHandle(
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.captureCallState("errno"));

    /// All memory. A segment cut out of a constant is seen through by the just-in-time compiler: with one from a field,
    /// every call would leave an object behind.
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /// What calls leave there whose errno nobody reads.
    private static final long IGNORED_STATE = Arena.global().allocate(STATE).address();

    private final long stateAddress = Arena.global().allocate(STATE).address();

    static MemorySegment function(String name) {
        return MemorySegment.ofAddress(LINKER.defaultLookup().findOrThrow(name).address());
    }

    /// Calls a function of one argument whose errno does not matter. Threading: any thread.
    static long call(MemorySegment function, long argument) {
        try {
            return (long) CALL.invokeExact(function, MEMORY.asSlice(IGNORED_STATE, STATE_BYTES), argument, 0L, 0L, 0L,
                    0L);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /// Calls a function whose result is an int, or a count that fits one; returns it, or `-errno`.
    final int call(MemorySegment function, long a, long b, long c, long d, long e) {
        int result;
        try {
            result = (int) (long) CALL.invokeExact(function, MEMORY.asSlice(stateAddress, STATE_BYTES), a, b, c, d, e);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
        return result >= 0 ? result : -NativeMemory.getInt(stateAddress + ERRNO_OFFSET);
    }
}

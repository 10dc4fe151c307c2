package lb.l4.chaos;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The memory of this process that malloc has given away, by glibc's mallinfo2.
public final class NativeHeap {

    private static final int FIELDS = 10;
    private static final int IN_MAPPINGS = 4;
    private static final int IN_ARENAS = 7;
    private static final StructLayout INFO = MemoryLayout
            .structLayout(MemoryLayout.sequenceLayout(FIELDS, ValueLayout.JAVA_LONG));

    private NativeHeap() {}

    public static long usedBytes() {
        Linker linker = Linker.nativeLinker();
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle mallinfo2 = linker.downcallHandle(linker.defaultLookup().findOrThrow("mallinfo2"),
                    FunctionDescriptor.of(INFO));
            MemorySegment info = (MemorySegment) mallinfo2.invokeExact((SegmentAllocator) arena);
            return info.getAtIndex(ValueLayout.JAVA_LONG, IN_MAPPINGS)
                    + info.getAtIndex(ValueLayout.JAVA_LONG, IN_ARENAS);
        } catch (Throwable e) {
            throw new AssertionError("mallinfo2", e);
        }
    }
}

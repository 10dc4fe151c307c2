package lb.l4.worker;

import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoOps;
import java.lang.invoke.MethodHandles;

/// Completes Netty's table of events. Netty keeps an object for each single event, and makes two for every one that says
/// more: those of sockets nearly always say that they can be read and written.
final class EventCache {

    /// IN, PRI, OUT, ERR and HUP in all combinations.
    private static final int SMALL_EVENTS = 32;

    private record Event(EpollIoOps ops) implements EpollIoEvent {}

    private EventCache() {}

    /// Does nothing where a version of Netty has no such table.
    static void complete() {
        EpollIoEvent[] table;
        try {
            table = (EpollIoEvent[]) MethodHandles.privateLookupIn(EpollIoOps.class, MethodHandles.lookup())
                    .findStaticGetter(EpollIoOps.class, "EVENTS", EpollIoEvent[].class).invokeExact();
        } catch (ReflectiveOperationException e) {
            return;
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
        for (int events = 1; events < SMALL_EVENTS; events++) {
            put(table, events);
        }
        put(table, Descriptor.IN | Descriptor.RDHUP);
        put(table, Descriptor.IN | Descriptor.OUT | Descriptor.RDHUP);
    }

    private static void put(EpollIoEvent[] table, int events) {
        if (events < table.length && table[events] == null) {
            table[events] = new Event(EpollIoOps.valueOf(events));
        }
    }
}

package lb.cli.config;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import lb.cli.config.ValueParser.Rejected;

/// The host names of one configuration: all are asked for at once, each on a
/// thread of its own, and share one deadline.
final class HostNames {

    /// IPv4 first, then by address, so that the order never depends on
    /// the resolver.
    private static final Comparator<InetAddress> BY_ADDRESS = (a, b) -> {
        byte[] first = a.getAddress();
        byte[] second = b.getAddress();
        return first.length == second.length
                ? Arrays.compareUnsigned(first, second)
                : Integer.compare(first.length, second.length);
    };

    private final Resolver resolver;
    private final Duration deadline;
    private final long startNanos = System.nanoTime();
    private final Map<String, CompletableFuture<List<InetAddress>>> lookups = new HashMap<>();

    HostNames(Resolver resolver, Duration deadline) {
        this.resolver = resolver;
        this.deadline = deadline;
    }

    /// Starts to look a name up, if that has not been done yet.
    CompletableFuture<List<InetAddress>> ask(String name) {
        return lookups.computeIfAbsent(name, n -> {
            CompletableFuture<List<InetAddress>> lookup = new CompletableFuture<>();
            Thread.ofPlatform().daemon().name("resolve " + n).start(() -> complete(lookup, n));
            return lookup;
        });
    }

    /// The addresses of a name that was asked for; waits for them.
    List<InetAddress> addresses(String name) throws Rejected {
        long left = Math.max(0, deadline.toNanos() - (System.nanoTime() - startNanos));
        try {
            List<InetAddress> found = ask(name).get(left, TimeUnit.NANOSECONDS);
            if (found.isEmpty()) {
                throw new Rejected("the name " + name + " has no address");
            }
            return found.stream().sorted(BY_ADDRESS).distinct().toList();
        } catch (TimeoutException e) {
            throw new Rejected("the name " + name + " could not be resolved within " + deadline.toSeconds()
                    + "s; is the name server reachable?");
        } catch (ExecutionException e) {
            throw new Rejected("the name " + name + " could not be resolved: "
                    + reason(e.getCause() == null ? e : e.getCause(), name));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Rejected("the name " + name + " could not be resolved: interrupted");
        }
    }

    private void complete(CompletableFuture<List<InetAddress>> lookup, String name) {
        try {
            lookup.complete(resolver.resolve(name));
        } catch (IOException | RuntimeException e) {
            lookup.completeExceptionally(e);
        }
    }

    /// The JDK's messages begin with the name: `db.example: Name or service
    /// not known`.
    private static String reason(Throwable cause, String name) {
        String message = String.valueOf(cause.getMessage());
        String reason = message.startsWith(name + ": ") ? message.substring(name.length() + 2) : message;
        return cause instanceof UnknownHostException && reason.equals(name) ? "no such name" : reason;
    }
}

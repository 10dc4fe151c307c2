package lb.l4.engine;

import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import lb.core.config.AddressFile;
import lb.core.config.ListenerConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches the files of addresses that listeners have: one that has changed is read again, and takes effect for new
/// connections. One that cannot be used is told of, and what it said before stays in force.
///
/// It asks for the files' times and sizes now and then: unlike the kernel's notices this also sees a file behind a link
/// that was turned to another one, and files of other machines.
///
/// Threading: control loop; files are touched on a thread of their own, which there is only where there are files.
final class AddressFiles {

    private static final Logger log = LoggerFactory.getLogger(AddressFiles.class);
    private static final long PERIOD_MILLIS = 1000;

    private final IoEventLoop control;
    private final Consumer<String> warnings;
    private final Consumer<UnaryOperator<ListenerConfig>> changes;
    private Set<Path> watched = Set.of();
    private @Nullable ExecutorService reader;
    /// What each file was when it was read. Threading: the reader.
    private final Map<Path, Stamp> stamps = new HashMap<>();

    /// What changes with a file's content; null where there is no file.
    private record Stamp(@Nullable Object time, long size, @Nullable Object key) {}

    /// @param warnings takes why a file cannot be used
    /// @param changes takes, on the control loop, what makes a listener's configuration the new one
    AddressFiles(IoEventLoop control, Consumer<String> warnings, Consumer<UnaryOperator<ListenerConfig>> changes) {
        this.control = control;
        this.warnings = warnings;
        this.changes = changes;
    }

    /// Watches the files of these listeners, and no others.
    void watch(List<ListenerConfig> listeners) {
        watched = listeners.stream().map(ListenerConfig::admission)
                .flatMap(admission -> Stream.concat(admission.allowFiles().stream(), admission.denyFiles().stream()))
                .map(AddressFile::path).collect(Collectors.toUnmodifiableSet());
        if (reader == null && !watched.isEmpty()) {
            ExecutorService started = Executors
                    .newSingleThreadExecutor(Thread.ofPlatform().daemon().name("lb-files").factory());
            reader = started;
            look(started);
        }
    }

    void stop() {
        watched = Set.of();
        if (reader != null) {
            reader.shutdownNow();
            reader = null;
        }
    }

    private void look(ExecutorService on) {
        Set<Path> paths = watched;
        on.execute(() -> {
            stamps.keySet().retainAll(paths);
            try {
                paths.forEach(this::look);
                control.schedule(() -> {
                    if (on == reader) {
                        look(on);
                    }
                }, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                // The control loop has ended.
            }
        });
    }

    /// The first look reads a file once more: it may have changed since the configuration was read. Threading: the reader.
    private void look(Path path) {
        Stamp now = stamp(path);
        if (now.equals(stamps.put(path, now))) {
            return;
        }
        try {
            AddressFile read = AddressFile.read(path);
            control.execute(() -> changes.accept(listener -> with(listener, read)));
        } catch (AddressFile.Unusable e) {
            e.reasons().forEach(reason -> warnings.accept(reason + "; what was read before stays in force"));
        }
    }

    private static Stamp stamp(Path path) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class, new LinkOption[0]);
            return new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
        } catch (IOException e) {
            return new Stamp(null, -1, null);
        }
    }

    private static ListenerConfig with(ListenerConfig listener, AddressFile read) {
        ListenerConfig changed = listener.with(listener.admission().withFiles(
                replaced(listener.admission().allowFiles(), read), replaced(listener.admission().denyFiles(), read)));
        if (!changed.equals(listener)) {
            log.info("listener {}: {} has changed: {} networks", listener.name(), read.path(), read.networks().size());
        }
        return changed;
    }

    private static List<AddressFile> replaced(List<AddressFile> files, AddressFile read) {
        return files.stream().map(file -> file.path().equals(read.path()) ? read : file).toList();
    }
}

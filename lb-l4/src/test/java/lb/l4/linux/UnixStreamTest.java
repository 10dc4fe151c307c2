package lb.l4.linux;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class UnixStreamTest {

    private static final int MEGABYTE = 1 << 20;

    @TempDir private Path folder;
    private final Linux linux = new Linux();
    private int listening;
    private UnixStream here;
    private UnixStream there;

    @BeforeEach
    void connect() throws Exception {
        String path = folder.resolve("s").toString();
        listening = linux.socket(Linux.AF_UNIX, Linux.SOCK_STREAM | Linux.SOCK_CLOEXEC, 0);
        assertThat(linux.bind(listening, SocketAddresses.writeUnix(linux, path))).isZero();
        assertThat(linux.listen(listening, 1)).isZero();
        here = UnixStream.connect(path);
        there = new UnixStream(linux.accept4(listening));
    }

    @AfterEach
    void close() {
        here.close();
        there.close();
        linux.close(listening);
    }

    private static long soon() {
        return System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    }

    private static long descriptors() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }

    @Test
    void descriptorsComeWithTheirMessage() throws Exception {
        int pipe = linux.pipe2();
        int end = linux.secondOfPair();
        here.send(new byte[]{1, 2}, List.of(pipe, end), soon());
        here.send(new byte[]{3}, List.of(), soon());
        List<Integer> first = new ArrayList<>();
        assertThat(there.receive(2, first, soon())).containsExactly(1, 2);
        assertThat(first).hasSize(2).doesNotContain(pipe, end);
        List<Integer> second = new ArrayList<>();
        assertThat(there.receive(1, second, soon())).containsExactly(3);
        assertThat(second).isEmpty();
        linux.close(pipe);
        linux.close(end);
        // Copies of the same pipe, closed in children.
        assertThat(linux.fcntl(first.getFirst(), Linux.F_GETFD, 0)).isEqualTo(Linux.FD_CLOEXEC);
        UnixStream.closeAll(first);
    }

    @Test
    void asManyAsTheKernelTakesWithMuchBesides() throws Exception {
        byte[] bytes = new byte[MEGABYTE];
        new Random(1).nextBytes(bytes);
        List<Integer> sent = new ArrayList<>();
        for (int i = 0; i < DescriptorMessage.MOST_DESCRIPTORS; i++) {
            sent.add(linux.fcntl(listening, Linux.F_DUPFD_CLOEXEC, 3));
        }
        CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
            try {
                here.send(bytes, sent, soon());
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        List<Integer> received = new ArrayList<>();
        assertThat(there.receive(bytes.length, received, soon())).isEqualTo(bytes);
        assertThat(received).hasSize(DescriptorMessage.MOST_DESCRIPTORS).doesNotHaveDuplicates();
        sending.join();
        UnixStream.closeAll(sent);
        UnixStream.closeAll(received);
    }

    @Test
    void waitsNoLongerThanUntilTheDeadline() {
        long before = System.nanoTime();
        assertThatThrownBy(() -> there.receive(1, new ArrayList<>(), before + 50_000_000))
                .isInstanceOf(IOException.class).hasMessage("the other process does not answer in time");
        assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(50_000_000);
        assertThatThrownBy(() -> here.send(new byte[8 * MEGABYTE], List.of(), System.nanoTime() + 50_000_000))
                .isInstanceOf(IOException.class).hasMessage("the other process does not answer in time");
    }

    @Test
    void anEndIsNoMessage() {
        here.close();
        assertThatThrownBy(() -> there.receive(1, new ArrayList<>(), soon())).isInstanceOf(EOFException.class);
        assertThatThrownBy(() -> there.send(new byte[1], List.of(), soon())).isInstanceOf(IOException.class)
                .hasMessage("connection reset");
    }

    @Test
    void knowsItsUserAndThatOfTheOther() throws Exception {
        assertThat(there.peerUser()).isEqualTo(linux.geteuid());
    }

    @Test
    void nobodyThere() throws Exception {
        long before = descriptors();
        assertThatThrownBy(() -> UnixStream.connect(folder.resolve("nobody").toString()))
                .isInstanceOf(IOException.class)
                .hasMessage("no such file");
        assertThatThrownBy(() -> UnixStream.connect("/" + "x".repeat(200))).isInstanceOf(IOException.class)
                .hasMessageStartingWith("unix path: ");
        assertThat(descriptors()).isEqualTo(before);
    }
}

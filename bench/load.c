/*
 * Backend and load of the bench: two single-threaded epoll programs in one file, loopback only.
 *
 *   load backend [MAX_SECONDS]                     serves echo, source and sink; prints {"echo":PORT,...}; ends when stdin ends
 *   load [opts] PORT pingpong SIZE CONNS SECONDS   one message in flight per connection, the answer is compared
 *   load [opts] PORT up CONNS SECONDS              endless upload
 *   load [opts] PORT down CONNS SECONDS            endless download
 *   load [opts] PORT connect fin|rst CONNS SECONDS connect, 64 B there and back, close; CONNS at a time
 *
 * Options: -r SECONDS  traffic before the measured window, so that buffers and queues are in their steady state (0.3)
 *          -p PID,...  report the CPU that these processes used inside the window; repeatable, one sum per -p
 *
 * A client prints one JSON line. Only what happens inside the window counts, and CPU is read at exactly its ends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

enum { BULK = 256 * 1024, DISCARD = 1024 * 1024, EVENTS = 512, MAX_FD = 65536, PING = 64, SOURCES = 64, CHECK_EVERY = 16, PERIOD = 251 };

typedef uint64_t u64;

/*
 * Byte i of every bulk stream is i mod 251: each side can check any piece of it by its offset alone. A prime, so that a
 * lost or repeated buffer of 4, 16 or 64 KiB shifts the pattern and every later check sees it.
 */
static unsigned char pattern[BULK + PERIOD];
static unsigned char scratch[DISCARD];

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static u64 now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

static void set(int fd, int level, int name, int value) {
    if (setsockopt(fd, level, name, &value, sizeof value) < 0) die("setsockopt");
}

static void watch(int ep, int op, int fd, uint32_t events, uint32_t data) {
    struct epoll_event e = {.events = events, .data.u32 = data};
    if (epoll_ctl(ep, op, fd, &e) < 0) die("epoll_ctl");
}

/*
 * Takes what a bulk stream has. Most of it is discarded inside the kernel (MSG_TRUNC), so that this program is not the
 * bottleneck; every 16th piece is really read and compared. Returns as recv does, and -2 when the bytes are wrong.
 */
static ssize_t take_bulk(int fd, u64 *offset, unsigned *count) {
    int check = (*count)++ % CHECK_EVERY == 0;
    ssize_t n = check ? recv(fd, scratch, BULK, 0) : recv(fd, scratch, DISCARD, MSG_TRUNC);
    if (n <= 0) return n;
    if (check && memcmp(scratch, pattern + *offset % PERIOD, (size_t)n) != 0) return -2;
    *offset += (u64)n;
    return n;
}

static ssize_t give_bulk(int fd, u64 *offset) {
    ssize_t n = send(fd, pattern + *offset % PERIOD, BULK, MSG_NOSIGNAL);
    if (n > 0) *offset += (u64)n;
    return n;
}

/* ---------------------------------------------------------------- backend */

enum kind { NONE, ACCEPT_ECHO, ACCEPT_SOURCE, ACCEPT_SINK, ECHO, SOURCE, SINK };

struct peer {
    enum kind kind;
    unsigned count;
    u64 offset;
    unsigned char *rest; /* echo: what the client did not take yet; nothing is read until it is gone */
    size_t rest_at, rest_len;
};
static struct peer peers[MAX_FD];

static int listen_on_loopback(int *port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* accepted sockets inherit it */
    if (bind(fd, (struct sockaddr *)&a, len) < 0 || listen(fd, 4096) < 0) die("listen");
    if (getsockname(fd, (struct sockaddr *)&a, &len) < 0) die("getsockname");
    *port = ntohs(a.sin_port);
    return fd;
}

static void drop(int fd) {
    free(peers[fd].rest);
    memset(&peers[fd], 0, sizeof peers[fd]);
    close(fd);
}

static void accept_all(int ep, int listener, enum kind kind) {
    for (int i = 0; i < 64; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EAGAIN || errno == ECONNABORTED || errno == EMFILE) return;
            die("accept");
        }
        if (fd >= MAX_FD) {
            close(fd);
            continue;
        }
        peers[fd].kind = kind;
        watch(ep, EPOLL_CTL_ADD, fd, kind == SOURCE ? EPOLLOUT | EPOLLRDHUP : EPOLLIN, (uint32_t)fd);
    }
}

static void echo(int ep, int fd, struct peer *p) {
    ssize_t sent = 0, n;
    if (p->rest_len > 0) {
        sent = send(fd, p->rest + p->rest_at, p->rest_len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return drop(fd);
        if (sent > 0) p->rest_at += (size_t)sent, p->rest_len -= (size_t)sent;
        if (p->rest_len == 0) watch(ep, EPOLL_CTL_MOD, fd, EPOLLIN, (uint32_t)fd);
        return;
    }
    n = recv(fd, scratch, BULK, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return drop(fd);
    sent = send(fd, scratch, (size_t)n, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return drop(fd);
    if (sent < 0) sent = 0;
    if (sent == n) return;
    if (p->rest == NULL && (p->rest = malloc(BULK)) == NULL) die("malloc");
    p->rest_at = 0;
    p->rest_len = (size_t)(n - sent);
    memcpy(p->rest, scratch + sent, p->rest_len);
    watch(ep, EPOLL_CTL_MOD, fd, EPOLLOUT, (uint32_t)fd);
}

static void serve(int ep, int fd, uint32_t events) {
    struct peer *p = &peers[fd];
    ssize_t n;
    switch (p->kind) {
        case NONE: return;
        case ACCEPT_ECHO: return accept_all(ep, fd, ECHO);
        case ACCEPT_SOURCE: return accept_all(ep, fd, SOURCE);
        case ACCEPT_SINK: return accept_all(ep, fd, SINK);
        case ECHO: return echo(ep, fd, p);
        case SOURCE:
            if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) return drop(fd);
            n = give_bulk(fd, &p->offset);
            if (n < 0 && errno != EAGAIN) drop(fd);
            return;
        case SINK:
            n = take_bulk(fd, &p->offset, &p->count);
            if (n == -2) { /* wrong bytes: the client has to see an error, so reset */
                fprintf(stderr, "load: sink got wrong bytes near offset %llu\n", (unsigned long long)p->offset);
                setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
            }
            if (n == 0 || n == -2 || (n < 0 && errno != EAGAIN)) drop(fd);
            return;
    }
}

static int backend(unsigned max_seconds) {
    int port[3], ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[EVENTS];
    for (int i = 0; i < 3; i++) {
        int fd = listen_on_loopback(&port[i]);
        peers[fd].kind = (enum kind)(ACCEPT_ECHO + i);
        watch(ep, EPOLL_CTL_ADD, fd, EPOLLIN, (uint32_t)fd);
    }
    watch(ep, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, STDIN_FILENO);
    alarm(max_seconds);
    printf("{\"echo\":%d,\"source\":%d,\"sink\":%d}\n", port[0], port[1], port[2]);
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(ep, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = (int)events[i].data.u32;
            if (fd == STDIN_FILENO) {
                if (read(fd, scratch, sizeof scratch) <= 0) return 0;
            } else {
                serve(ep, fd, events[i].events);
            }
        }
    }
}

/* ------------------------------------------------- latency and CPU readings */

/* Log-linear: 64 steps per power of two of nanoseconds, so a percentile is at most 1.6 % too high. */
enum { STEP_BITS = 6, STEPS = 1 << STEP_BITS, BUCKETS = 40 * STEPS };
static u64 histogram[BUCKETS], recorded;

static void record(u64 ns) {
    int shift = ns < STEPS ? 0 : 63 - __builtin_clzll(ns) - STEP_BITS;
    u64 at = (u64)shift * STEPS + (ns >> shift); /* for shift > 0 the top bit of ns >> shift moves to the next block */
    histogram[at < BUCKETS ? at : BUCKETS - 1]++;
    recorded++;
}

static double percentile_us(double p) {
    u64 wanted = (u64)((double)recorded * p), seen = 0;
    for (u64 i = 0; i < BUCKETS; i++) {
        if ((seen += histogram[i]) <= wanted) continue;
        if (i < 2 * STEPS) return (double)(i + 1) / 1000;
        u64 shift = i / STEPS - 1;
        return (double)((i % STEPS + STEPS + 1) << shift) / 1000;
    }
    return 0;
}

static double cpu_of_pid(long pid) {
    char path[64], line[1024], *after;
    unsigned long user, system;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "r");
    if (f == NULL) return 0; /* ended: the caller sees that from the work that is missing */
    after = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL; /* the name may hold blanks */
    fclose(f);
    if (after == NULL || sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double cpu_of_group(const char *pids) {
    double sum = 0;
    for (char *end; *pids; pids = *end == ',' ? end + 1 : end) {
        sum += cpu_of_pid(strtol(pids, &end, 10));
        if (end == pids) break;
    }
    return sum;
}

static double cpu_own(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_of_machine(void) { /* all that was not idle, guests excluded: they are in user already */
    unsigned long v[8] = {0};
    FILE *f = fopen("/proc/stat", "r");
    if (f == NULL) return 0;
    int n = fscanf(f, "cpu %lu %lu %lu %lu %lu %lu %lu", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6]);
    fclose(f);
    return n < 7 ? 0 : (double)(v[0] + v[1] + v[2] + v[5] + v[6]) / (double)sysconf(_SC_CLK_TCK);
}

/* ------------------------------------------------------------------- load */

enum mode { PINGPONG, UP, DOWN, CONNECT };

struct slot {
    int fd;
    unsigned count;
    u64 started, offset, operations, operations_before; /* before: when the window began */
    size_t sent, received;
};

static enum mode mode;
static int ep, port, slot_count, close_with_rst;
static size_t size = PING;
static struct slot *slots;
static u64 operations, bytes, errors;
static char first_error[160];

static int failed(struct slot *s, const char *what) {
    if (errors++ == 0) snprintf(first_error, sizeof first_error, "%s: %s", what, errno ? strerror(errno) : "unexpected end");
    if (s->fd >= 0) close(s->fd);
    s->fd = -1;
    return 0;
}

/*
 * Opens one connection. Connect mode spreads its own addresses over 127.0.0.2 to .65: a client that closes first keeps
 * its port in TIME_WAIT for 60 s, and one address has only 28,000 ports to one destination.
 */
static int open_slot(struct slot *s) {
    static unsigned next;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s->sent = s->received = 0;
    s->started = now_ns();
    errno = 0;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0) return failed(s, "socket");
    if (mode == CONNECT) {
        struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + next++ % SOURCES)};
        set(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
        if (bind(s->fd, (struct sockaddr *)&from, sizeof from) < 0) return failed(s, "bind");
    } else {
        set(s->fd, IPPROTO_TCP, TCP_NODELAY, 1);
    }
    if (connect(s->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) return failed(s, "connect");
    return 1;
}

static void watch_slot(struct slot *s) {
    uint32_t events = mode == UP ? EPOLLOUT : mode == DOWN ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    watch(ep, EPOLL_CTL_ADD, s->fd, events, (uint32_t)(s - slots));
}

/* Sends what is left of the message; the first 8 bytes make it unlike every other one. */
static int send_message(struct slot *s) {
    unsigned char *message = pattern + (s - slots) % PERIOD;
    u64 saved, stamp = ((u64)(s - slots) << 40) ^ s->operations;
    memcpy(&saved, message, 8);
    memcpy(message, &stamp, 8);
    ssize_t n = send(s->fd, message + s->sent, size - s->sent, MSG_NOSIGNAL);
    memcpy(message, &saved, 8);
    if (n > 0) s->sent += (size_t)n;
    return n >= 0 || errno == EAGAIN;
}

static int received_is_right(struct slot *s, size_t n) {
    const unsigned char *expected = pattern + (s - slots) % PERIOD;
    u64 stamp = ((u64)(s - slots) << 40) ^ s->operations;
    size_t at = s->received, head = at < 8 ? 8 - at : 0;
    if (head > n) head = n;
    return memcmp(scratch, (unsigned char *)&stamp + at, head) == 0 && memcmp(scratch + head, expected + at + head, n - head) == 0;
}

/* Reads the answer. Returns 1 when it is complete, 0 when more has to come, -1 after an error. */
static int receive_message(struct slot *s) {
    for (;;) {
        size_t wanted = size - s->received;
        ssize_t n = recv(s->fd, scratch, wanted, 0);
        if (n < 0 && errno == EAGAIN) return 0;
        if (n <= 0) return failed(s, n < 0 ? "recv" : "recv before the answer was complete"), -1;
        if (!received_is_right(s, (size_t)n)) return errno = EBADMSG, failed(s, "compare"), -1;
        s->received += (size_t)n;
        if (s->received == size) return 1;
        if ((size_t)n < wanted) return 0; /* edge-triggered: the next byte is a new event */
    }
}

static void completed(struct slot *s) {
    u64 now = now_ns();
    record(now - s->started);
    s->operations++;
    operations++;
    bytes += size;
    s->sent = s->received = 0;
    s->started = now;
}

static const uint32_t READABLE = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;

static void pingpong_event(struct slot *s, uint32_t events) {
    errno = 0;
    int done = events & READABLE ? receive_message(s) : 0;
    if (done < 0) return;
    if (done) completed(s);
    if (s->sent < size && !send_message(s)) failed(s, "send");
}

/* Connects and sends at once: on loopback the handshake is usually over when connect returns. */
static void connect_next(struct slot *s) {
    if (!open_slot(s)) return;
    if (send_message(s)) watch_slot(s);
    else failed(s, "send");
}

static void connect_event(struct slot *s, uint32_t events) {
    errno = 0;
    int done = events & READABLE ? receive_message(s) : 0;
    if (done < 0) return;
    if (!done) {
        if (s->sent < size && !send_message(s)) failed(s, "send after connect");
        return;
    }
    completed(s);
    if (close_with_rst) setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    close(s->fd);
    connect_next(s);
}

static void bulk_event(struct slot *s) {
    errno = 0;
    ssize_t n = mode == UP ? give_bulk(s->fd, &s->offset) : take_bulk(s->fd, &s->offset, &s->count);
    if (n == -2) errno = EBADMSG;
    if (n == 0 || n == -2 || (n < 0 && errno != EAGAIN)) {
        failed(s, mode == UP ? "send" : "recv");
    } else if (n > 0) {
        bytes += (u64)n;
        operations++;
        s->operations++;
    }
}

static void start_slots(void) {
    for (int i = 0; i < slot_count; i++) {
        if (mode == CONNECT) connect_next(&slots[i]);
        else if (open_slot(&slots[i])) watch_slot(&slots[i]);
    }
}

static void handle(struct epoll_event *e) {
    struct slot *s = &slots[e->data.u32];
    if (s->fd < 0) return;
    switch (mode) {
        case PINGPONG: return pingpong_event(s, e->events);
        case CONNECT: return connect_event(s, e->events);
        case UP: case DOWN: return bulk_event(s);
    }
}

/* ------------------------------------------------------------------- main */

struct reading { double own, machine, group[16]; u64 at; };

static struct reading read_cpu(char **groups, int count) {
    struct reading r = {.at = now_ns()};
    for (int i = 0; i < count; i++) r.group[i] = cpu_of_group(groups[i]);
    r.own = cpu_own();
    r.machine = cpu_of_machine();
    return r;
}

static struct reading window_begins(char **groups, int count) {
    operations = bytes = recorded = 0;
    memset(histogram, 0, sizeof histogram);
    for (int i = 0; i < slot_count; i++) slots[i].operations_before = slots[i].operations;
    return read_cpu(groups, count);
}

/* Runs the traffic for ramp + seconds and prints what the last part brought. */
static int load(double ramp, double seconds, char **groups, int count) {
    struct epoll_event events[EVENTS];
    struct reading begin = {0}, end;
    int measuring = 0, starved = 0;
    ep = epoll_create1(EPOLL_CLOEXEC);
    alarm((unsigned)(ramp + seconds) + 20);
    start_slots();
    u64 next = now_ns() + (u64)(ramp * 1e9);
    while (errors < (u64)slot_count) {
        int n = epoll_wait(ep, events, EVENTS, 5);
        if (now_ns() >= next) {
            if (measuring) break;
            measuring = 1;
            begin = window_begins(groups, count);
            next = begin.at + (u64)(seconds * 1e9);
        }
        for (int i = 0; i < n; i++) handle(&events[i]);
    }
    end = read_cpu(groups, count);
    if (!measuring) begin = end, operations = bytes = 0;
    for (int i = 0; i < slot_count; i++) starved += slots[i].operations == slots[i].operations_before;
    double elapsed = (double)(end.at - begin.at) / 1e9;
    printf("{\"operations\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"errors\":%llu,\"first_error\":\"%s\",\"starved\":%d",
           (unsigned long long)operations, (unsigned long long)bytes, elapsed, (unsigned long long)errors, first_error, starved);
    if (mode == PINGPONG || mode == CONNECT)
        printf(",\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f", percentile_us(.5), percentile_us(.99), percentile_us(.999));
    printf(",\"cpu_own\":%.6f,\"cpu_machine\":%.2f,\"cpu\":[", end.own - begin.own, end.machine - begin.machine);
    for (int i = 0; i < count; i++) printf("%s%.2f", i ? "," : "", end.group[i] - begin.group[i]);
    printf("]}\n");
    return 0;
}

static int usage(void) {
    fputs("usage: load backend [MAX_SECONDS]\n"
          "       load [-r RAMP] [-p PID,...]... PORT pingpong SIZE CONNS SECONDS | up CONNS SECONDS | down CONNS SECONDS\n"
          "                                           | connect fin|rst CONNS SECONDS\n", stderr);
    return 2;
}

static void raise_descriptor_limit(void) {
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0) return;
    r.rlim_cur = r.rlim_max < MAX_FD ? r.rlim_max : MAX_FD;
    setrlimit(RLIMIT_NOFILE, &r);
}

int main(int argc, char **argv) {
    static char *groups[16];
    int count = 0, option;
    double ramp = 0.3;
    for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (unsigned char)(i % PERIOD);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* never outlive the driver */
    raise_descriptor_limit();
    if (argc >= 2 && strcmp(argv[1], "backend") == 0) return backend(argc > 2 ? (unsigned)atoi(argv[2]) : 3600);
    while ((option = getopt(argc, argv, "+r:p:")) != -1) {
        if (option == 'r') ramp = atof(optarg);
        else if (option == 'p' && count < 16) groups[count++] = optarg;
        else return usage();
    }
    argv += optind, argc -= optind;
    if (argc < 4) return usage();
    port = atoi(argv[0]);
    if (strcmp(argv[1], "pingpong") == 0 && argc == 5) mode = PINGPONG, size = (size_t)atol(argv[2]);
    else if (strcmp(argv[1], "up") == 0 && argc == 4) mode = UP;
    else if (strcmp(argv[1], "down") == 0 && argc == 4) mode = DOWN;
    else if (strcmp(argv[1], "connect") == 0 && argc == 5) mode = CONNECT, close_with_rst = strcmp(argv[2], "rst") == 0;
    else return usage();
    slot_count = atoi(argv[argc - 2]);
    double seconds = atof(argv[argc - 1]);
    if (port <= 0 || slot_count <= 0 || slot_count > MAX_FD - 100 || size < 8 || size > BULK || seconds <= 0) return usage();
    slots = calloc((size_t)slot_count, sizeof *slots);
    if (slots == NULL) die("calloc");
    return load(ramp, seconds, groups, count);
}

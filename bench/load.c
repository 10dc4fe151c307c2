/*
 * Backend and load of the bench: two single-threaded epoll programs in one binary, loopback only.
 *
 *   load backend [MAX_SECONDS]                     serves echo, source, sink and datagrams; prints {"echo":PORT,...}; ends when stdin ends
 *   load [opts] PORT pingpong SIZE CONNS SECONDS   one message in flight per connection, the answer is compared
 *   load [opts] PORT up CONNS SECONDS              endless upload
 *   load [opts] PORT down CONNS SECONDS            endless download
 *   load [opts] PORT connect fin|rst CONNS SECONDS connect, 64 B there and back, close; CONNS at a time
 *   load [opts] PORT mix CONNS SECONDS             as connect fin, but every fifth session is 16 x 64 KiB there and back
 *   load [opts] PORT datagrams SIZE FLOWS N SECONDS  N datagrams in flight per flow, each answer is compared; lost ones are counted
 *   load        PORT idle                          for each number N on stdin: holds N connections, each of which has had one
 *                                                  answer, and prints N; ends when stdin ends
 *
 * Options: -r SECONDS  traffic before the measured window, so that buffers and queues are in their steady state (0.3)
 *          -R RATE     pingpong: RATE messages per second in all, connect and mix: RATE sessions, every 100 us those that are
 *                      due, whether or not answers come; sessions at most CONNS at a time. A latency counts from when a
 *                      message or session was due, so a stall is not hidden (coordinated omission)
 *          -p PID,...  report the CPU that these processes used inside the window; repeatable, one sum per -p
 *
 * SIGUSR1 opens the window before RAMP is over. A client prints one JSON line. Only what happens inside the window counts, and CPU is read at exactly its ends.
 */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
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

enum { PING = 64, SOURCES = 64, LONG_EVERY = 5, LONG_SIZE = 64 * 1024, LONG_MESSAGES = 16, OPENING = 256 };
enum mode { PINGPONG, UP, DOWN, CONNECT, MIX, IDLE };

struct slot {
    int fd;
    unsigned count, left;                           /* left: messages until this session ends */
    u64 started, offset, messages, messages_before; /* started: when the message was or should have been sent; before: the window */
    u64 pending;                                    /* messages to be sent and answered by now, the one in flight included */
    size_t size, sent, received;
};

static enum mode mode;
static int ep, port, slot_count, close_with_rst, draining;
static size_t ping_size = PING;
static struct slot *slots;
static u64 operations, bytes, errors;
static char first_error[160];

/*
 * Open loop: message n goes over connection n mod slot_count, session n over the slot that has been free for longest.
 * Those of 100 us are due together: to wake up for each of them would cost the load as much as to send it.
 */
enum { TICK = 100000 };
static double rate;
static u64 paced, paced_from, latencies_from;
static int *free_slots; /* a ring of slot_count */
static u64 freed, taken;

static int has_sessions(void) { return mode == CONNECT || mode == MIX; }
static int paces_messages(void) { return rate > 0 && !has_sessions(); }
static int paces_sessions(void) { return rate > 0 && has_sessions(); }

static int failed(struct slot *s, const char *what) {
    if (errors++ == 0) snprintf(first_error, sizeof first_error, "%s: %s", what, errno ? strerror(errno) : "unexpected end");
    if (s->fd >= 0) close(s->fd);
    s->fd = -1;
    return 0;
}

/*
 * Opens one connection. Sessions spread their own addresses over 127.0.0.2 to .65: a client that closes first keeps its
 * port in TIME_WAIT for 60 s, and one address has only 28,000 ports to one destination.
 */
static int open_slot(struct slot *s) {
    static unsigned next, sessions;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int is_long = mode == MIX && ++sessions % LONG_EVERY == 0;
    s->size = is_long ? LONG_SIZE : ping_size;
    s->left = is_long ? LONG_MESSAGES : 1;
    s->sent = s->received = 0;
    s->pending = !paces_messages(); /* open loop: pace() says when */
    s->started = now_ns();
    errno = 0;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0) return failed(s, "socket");
    if (has_sessions()) {
        struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + next++ % SOURCES)};
        set(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
        if (bind(s->fd, (struct sockaddr *)&from, sizeof from) < 0) return failed(s, "bind");
    }
    if (!has_sessions() || is_long) set(s->fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (mode == IDLE) reset_on_close(s->fd); /* thousands at once: leave no TIME_WAIT behind */
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
    u64 saved, stamp = ((u64)(s - slots) << 40) ^ s->messages;
    memcpy(&saved, message, 8);
    memcpy(message, &stamp, 8);
    ssize_t n = send(s->fd, message + s->sent, s->size - s->sent, MSG_NOSIGNAL);
    memcpy(message, &saved, 8);
    if (n > 0) s->sent += (size_t)n;
    return n >= 0 || errno == EAGAIN;
}

static int received_is_right(struct slot *s, size_t n) {
    const unsigned char *expected = pattern + (s - slots) % PERIOD;
    u64 stamp = ((u64)(s - slots) << 40) ^ s->messages;
    size_t at = s->received, head = at < 8 ? 8 - at : 0;
    if (head > n) head = n;
    return memcmp(scratch, (unsigned char *)&stamp + at, head) == 0 && memcmp(scratch + head, expected + at + head, n - head) == 0;
}

/* Reads the answer. Returns 1 when it is complete, 0 when more has to come, -1 after an error. */
static int receive_message(struct slot *s) {
    for (;;) {
        size_t wanted = s->size - s->received;
        ssize_t n = recv(s->fd, scratch, wanted, 0);
        if (n < 0 && errno == EAGAIN) return 0;
        if (n <= 0) return failed(s, n < 0 ? "recv" : "recv before the answer was complete"), -1;
        if (!received_is_right(s, (size_t)n)) return errno = EBADMSG, failed(s, "compare"), -1;
        s->received += (size_t)n;
        if (s->received == s->size) return 1;
        if ((size_t)n < wanted) return 0; /* edge-triggered: the next byte is a new event */
    }
}

static u64 due_at(u64 n) { return paced_from + (u64)((double)n * 1e9 / rate) / TICK * TICK; }

/* When this connection's next message is due. */
static u64 due(struct slot *s) { return due_at(s->messages * (u64)slot_count + (u64)(s - slots)); }

/* One answer is there. In mix the latency is that of the short sessions, connect included. */
static void completed(struct slot *s) {
    u64 now = now_ns();
    if (s->size != LONG_SIZE && s->started >= latencies_from) record_latency(now - s->started);
    s->messages++;
    if (!draining) {
        operations += !has_sessions() || s->left == 1;
        bytes += s->size;
    }
    s->left--;
    s->sent = s->received = 0;
    s->started = paces_messages() ? due(s) : now;
    if (paces_messages() || mode == IDLE) s->pending--;
}

static const uint32_t READABLE = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;

/* Connects and sends at once: on loopback the handshake is usually over when connect returns. */
static void begin_session(struct slot *s) {
    if (!open_slot(s)) return;
    if (send_message(s)) watch_slot(s);
    else failed(s, "send");
}

static void free_slot(struct slot *s) {
    s->fd = -1;
    s->pending = 0;
    free_slots[freed++ % (u64)slot_count] = (int)(s - slots);
}

static void message_event(struct slot *s, uint32_t events) {
    errno = 0;
    int done = events & READABLE ? receive_message(s) : 0;
    if (done < 0) return;
    if (done) completed(s);
    if (has_sessions() && s->left == 0) {
        if (close_with_rst) reset_on_close(s->fd);
        close(s->fd);
        if (paces_sessions()) free_slot(s);
        else begin_session(s);
    } else if (s->pending > 0 && s->sent < s->size && !send_message(s)) {
        failed(s, "send");
    }
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
        s->messages++;
    }
}

static void handle(struct epoll_event *e) {
    struct slot *s = &slots[e->data.u32];
    if (s->fd < 0) return;
    if (mode == UP || mode == DOWN) bulk_event(s);
    else message_event(s, e->events);
}

static void start_slots(void) {
    for (int i = 0; i < slot_count; i++) {
        if (paces_sessions()) free_slot(&slots[i]);
        else if (has_sessions()) begin_session(&slots[i]);
        else if (open_slot(&slots[i])) watch_slot(&slots[i]);
    }
    paced_from = now_ns();
    for (int i = 0; i < slot_count && paces_messages(); i++) slots[i].started = due(&slots[i]);
}

/* Begins the sessions that are due by now. Returns how long none will be, or may be. */
static u64 pace_sessions(void) {
    while (taken < freed) {
        u64 now = now_ns(), at = due_at(paced);
        if (at > now) return at - now;
        struct slot *s = &slots[free_slots[taken++ % (u64)slot_count]];
        paced++;
        begin_session(s);
        s->started = at;
    }
    return 5000000; /* until one ends */
}

/* Sends what is due by now. Returns how long nothing will be. */
static u64 pace(void) {
    if (has_sessions()) return pace_sessions();
    for (;;) {
        u64 now = now_ns(), at = due_at(paced);
        if (at > now) return at - now;
        struct slot *s = &slots[paced++ % (u64)slot_count];
        if (s->fd >= 0 && s->pending++ == 0 && !send_message(s)) failed(s, "send");
    }
}

/* Messages and sessions that were due inside the window are waited for, a second at most; what is missing then counts as it stands. */
static void drain(u64 window_end) {
    struct epoll_event events[EVENTS];
    draining = 1;
    for (u64 now = window_end, open = 1; open > 0 && now < window_end + 1000000000u; now = now_ns()) {
        int n = epoll_wait(ep, events, EVENTS, 5);
        for (int i = 0; i < n; i++) handle(&events[i]);
        open = 0;
        for (int i = 0; i < slot_count; i++) open += slots[i].fd >= 0 && slots[i].pending > 0;
    }
    for (int i = 0; i < slot_count; i++) {
        for (struct slot *s = &slots[i]; s->pending > 0; s->pending--, s->messages++, s->started = due(s)) {
            if (s->size != LONG_SIZE && s->started >= latencies_from) record_latency(now_ns() - s->started);
        }
    }
    for (; paces_sessions() && due_at(paced) < window_end; paced++) record_latency(now_ns() - due_at(paced));
}

static struct reading window_begins(char **groups, int count) {
    operations = bytes = 0;
    forget_latencies();
    for (int i = 0; i < slot_count; i++) slots[i].messages_before = slots[i].messages;
    struct reading r = read_cpu(groups, count);
    if (rate > 0) latencies_from = r.at;
    return r;
}

/* Runs the traffic for ramp + seconds and prints what the last part brought. */
static int load(double ramp, double seconds, char **groups, int count) {
    struct epoll_event events[EVENTS];
    struct reading begin = {0}, end;
    int measuring = 0, starved = 0;
    alarm((unsigned)(ramp + seconds) + 20);
    start_slots();
    u64 next = now_ns() + (u64)(ramp * 1e9);
    while (errors < (u64)slot_count) {
        u64 wait = rate > 0 ? pace() : 5000000;
        struct timespec timeout = {0, (long)(wait < 5000000 ? wait : 5000000)};
        int n = epoll_pwait2(ep, events, EVENTS, &timeout, NULL);
        if (n < 0 && errno != EINTR) die("epoll_pwait2");
        if (window_is_due(measuring, next)) {
            if (measuring) break;
            measuring = 1;
            begin = window_begins(groups, count);
            next = begin.at + (u64)(seconds * 1e9);
        }
        for (int i = 0; i < n; i++) handle(&events[i]);
    }
    end = read_cpu(groups, count);
    if (!measuring) begin = end, operations = bytes = 0;
    for (int i = 0; i < slot_count; i++) starved += slots[i].messages == slots[i].messages_before;
    if (rate > 0) drain(end.at);
    double elapsed = (double)(end.at - begin.at) / 1e9;
    printf("{\"operations\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"errors\":%llu,\"first_error\":\"%s\",\"starved\":%d",
           (unsigned long long)operations, (unsigned long long)bytes, elapsed, (unsigned long long)errors, first_error, starved);
    if (mode != UP && mode != DOWN)
        printf(",\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f", percentile_us(.5), percentile_us(.99), percentile_us(.999));
    printf(",\"cpu_own\":%.6f,\"cpu_machine\":%.2f,\"cpu\":[", end.own - begin.own, end.machine - begin.machine);
    for (int i = 0; i < count; i++) printf("%s%.6f", i ? "," : "", end.group[i] - begin.group[i]);
    printf("]}\n");
    return 0;
}

/* Holds as many connections as stdin says, and opens a few hundred of them at a time. */
static int hold(void) {
    struct epoll_event events[EVENTS];
    int opened = 0;
    char line[32];
    while (fgets(line, sizeof line, stdin) != NULL) {
        int wanted = atoi(line) < slot_count ? atoi(line) : slot_count;
        u64 deadline = now_ns() + 30000000000u;
        while (operations < (u64)wanted) {
            for (; opened < wanted && opened < (int)operations + OPENING; opened++) {
                if (open_slot(&slots[opened])) watch_slot(&slots[opened]);
            }
            int n = epoll_wait(ep, events, EVENTS, 5);
            for (int i = 0; i < n; i++) handle(&events[i]);
            if (errors > 0 || now_ns() > deadline) {
                fprintf(stderr, "load: only %llu connections: %s\n", (unsigned long long)operations, first_error);
                return 1;
            }
        }
        printf("%llu\n", (unsigned long long)operations);
        fflush(stdout);
    }
    return errors > 0;
}

static int usage(void) {
    fputs("usage: load backend [MAX_SECONDS]\n"
          "       load [-r RAMP] [-R RATE] [-p PID,...]... PORT pingpong SIZE CONNS SECONDS | up CONNS SECONDS | down CONNS SECONDS\n"
          "                                           | connect fin|rst CONNS SECONDS | mix CONNS SECONDS\n"
          "                                           | datagrams SIZE FLOWS IN_FLIGHT SECONDS\n"
          "       load PORT idle\n", stderr);
    return 2;
}

static void raise_descriptor_limit(void) {
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0) return;
    r.rlim_cur = r.rlim_max < MAX_FD ? r.rlim_max : MAX_FD;
    setrlimit(RLIMIT_NOFILE, &r);
}

int main(int argc, char **argv) {
    static char *groups[MAX_GROUPS];
    int count = 0, option;
    double ramp = 0.3;
    for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (unsigned char)(i % PERIOD);
    signal(SIGPIPE, SIG_IGN);
    open_window_by_signal();
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* never outlive the driver */
    prctl(PR_SET_TIMERSLACK, 1);      /* wake up for a message when it is due, not 50 us later */
    raise_descriptor_limit();
    if (argc >= 2 && strcmp(argv[1], "backend") == 0) return backend(argc > 2 ? (unsigned)atoi(argv[2]) : 3600);
    while ((option = getopt(argc, argv, "+r:R:p:")) != -1) {
        if (option == 'r') ramp = atof(optarg);
        else if (option == 'R') rate = atof(optarg);
        else if (option == 'p' && count < MAX_GROUPS) groups[count++] = optarg;
        else return usage();
    }
    argv += optind, argc -= optind;
    if (argc < 2) return usage();
    port = atoi(argv[0]);
    if (strcmp(argv[1], "datagrams") == 0 && argc == 6)
        return datagram_load(port, (size_t)atol(argv[2]), atoi(argv[3]), (unsigned)atoi(argv[4]), rate, ramp, atof(argv[5]), groups, count);
    if (strcmp(argv[1], "pingpong") == 0 && argc == 5) mode = PINGPONG, ping_size = (size_t)atol(argv[2]);
    else if (strcmp(argv[1], "up") == 0 && argc == 4) mode = UP;
    else if (strcmp(argv[1], "down") == 0 && argc == 4) mode = DOWN;
    else if (strcmp(argv[1], "connect") == 0 && argc == 5) mode = CONNECT, close_with_rst = strcmp(argv[2], "rst") == 0;
    else if (strcmp(argv[1], "mix") == 0 && argc == 4) mode = MIX;
    else if (strcmp(argv[1], "idle") == 0 && argc == 2) mode = IDLE;
    else return usage();
    slot_count = mode == IDLE ? MAX_FD - 100 : atoi(argv[argc - 2]);
    double seconds = mode == IDLE ? 1 : atof(argv[argc - 1]);
    if (port <= 0 || slot_count <= 0 || slot_count > MAX_FD - 100 || ping_size < 8 || ping_size > BULK || seconds <= 0) return usage();
    if (rate < 0 || (rate > 0 && mode != PINGPONG && !has_sessions())) return usage();
    if ((slots = calloc((size_t)slot_count, sizeof *slots)) == NULL || (free_slots = calloc((size_t)slot_count, sizeof(int))) == NULL) die("calloc");
    if ((ep = epoll_create1(EPOLL_CLOEXEC)) < 0) die("epoll_create");
    return mode == IDLE ? hold() : load(ramp, seconds, groups, count);
}

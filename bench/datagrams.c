/* UDP: the backend's echo, and a load of flows that each have some datagrams in flight. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, MAX_DATAGRAM = 65536, QUEUE = 4 * 1024 * 1024, LOST_AFTER = 200 }; /* ms */

static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];
static struct sockaddr_in names[BATCH];
static unsigned char (*buffers)[MAX_DATAGRAM];

static void lay_out(int named) {
    if ((buffers = calloc(BATCH, MAX_DATAGRAM)) == NULL) die("calloc");
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){buffers[i], MAX_DATAGRAM};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
        if (named) messages[i].msg_hdr.msg_name = &names[i];
    }
}

static int datagram_socket(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), queue = QUEUE;
    if (fd < 0) die("socket");
    set(fd, SOL_SOCKET, SO_RCVBUF, queue);
    set(fd, SOL_SOCKET, SO_SNDBUF, queue);
    return fd;
}

int open_datagram_echo(int *port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = datagram_socket();
    if (bind(fd, (struct sockaddr *)&a, len) < 0 || getsockname(fd, (struct sockaddr *)&a, &len) < 0) die("bind");
    *port = ntohs(a.sin_port);
    lay_out(1);
    return fd;
}

/* Sends back what has come, a batch at a time. */
void echo_datagrams(int fd) {
    for (int i = 0; i < BATCH; i++) {
        vectors[i].iov_len = MAX_DATAGRAM;
        messages[i].msg_hdr.msg_namelen = sizeof names[i];
    }
    int n = recvmmsg(fd, messages, BATCH, 0, NULL);
    for (int i = 0; i < n; i++) vectors[i].iov_len = messages[i].msg_len;
    for (int sent = 0, result; sent < n; sent += result) {
        if ((result = sendmmsg(fd, messages + sent, (unsigned)(n - sent), MSG_NOSIGNAL)) <= 0) return;
    }
}

/* What every datagram begins with; the rest of it is the pattern. */
struct stamp { u64 flow, number, sent_at; };

struct flow {
    int fd;
    unsigned in_flight;
    u64 next, answered, answered_before, last_at;
};

static u64 lost;

/* The answers to datagrams count from at: when they are sent, or when they were due. */
static void send_datagrams(struct flow *f, struct flow *flows, size_t size, unsigned count, u64 at) {
    for (unsigned i = 0; i < count; i++) {
        struct stamp stamp = {(u64)(f - flows), f->next++, at};
        memcpy(buffers[i], &stamp, sizeof stamp);
        memcpy(buffers[i] + sizeof stamp, pattern, size - sizeof stamp);
        vectors[i].iov_len = size;
    }
    int sent = sendmmsg(f->fd, messages, count, MSG_NOSIGNAL);
    if (sent > 0) f->in_flight += (unsigned)sent;
    f->last_at = at;
}

/* Open loop, as in load.c: datagram n goes over flow n mod count, and those of 100 us are due together. */
enum { TICK = 100000 };
static u64 paced, paced_from;

/* Sends what is due by now. Returns how long nothing will be. */
static u64 pace_datagrams(struct flow *flows, int count, size_t size, double rate) {
    for (;;) {
        u64 now = now_ns(), at = paced_from + (u64)((double)paced * 1e9 / rate) / TICK * TICK;
        if (at > now) return at - now;
        send_datagrams(&flows[paced++ % (u64)count], flows, size, 1, at);
    }
}

/* Returns how many answers came, -1 after a wrong one. */
static int receive_datagrams(struct flow *f, struct flow *flows, size_t size) {
    for (int i = 0; i < BATCH; i++) vectors[i].iov_len = MAX_DATAGRAM;
    int n = recvmmsg(f->fd, messages, BATCH, 0, NULL);
    if (n < 0) return errno == EAGAIN ? 0 : -1;
    u64 now = now_ns();
    for (int i = 0; i < n; i++) {
        struct stamp stamp;
        memcpy(&stamp, buffers[i], sizeof stamp);
        if (messages[i].msg_len != size || stamp.flow != (u64)(f - flows) || stamp.number >= f->next ||
            memcmp(buffers[i] + sizeof stamp, pattern, size - sizeof stamp) != 0) return errno = EBADMSG, -1;
        record_latency(now - stamp.sent_at);
    }
    f->answered += (u64)n;
    f->in_flight -= (unsigned)n < f->in_flight ? (unsigned)n : f->in_flight;
    f->last_at = now;
    return n;
}

/* Datagrams that nobody answers are lost, and replaced. */
static void replace_lost(struct flow *flows, int count, size_t size, unsigned in_flight) {
    u64 now = now_ns();
    for (struct flow *f = flows; f < flows + count; f++) {
        if (now - f->last_at > LOST_AFTER * 1000000u) {
            lost += f->in_flight;
            f->in_flight = 0;
            send_datagrams(f, flows, size, in_flight, now);
        }
    }
}

/* Those that were due are waited for; what is missing then is lost. Returns how many wrong answers came. */
static u64 drain_datagrams(int ep, struct flow *flows, int count, size_t size) {
    struct epoll_event events[EVENTS];
    u64 wrong = 0, until = now_ns() + LOST_AFTER * 1000000u;
    for (u64 open = 1; open > 0 && now_ns() < until;) {
        int n = epoll_wait(ep, events, EVENTS, 5);
        for (int i = 0; i < n; i++) wrong += receive_datagrams(&flows[events[i].data.u32], flows, size) < 0;
        open = 0;
        for (int i = 0; i < count; i++) open += flows[i].in_flight;
    }
    lost = 0;
    for (int i = 0; i < count; i++) lost += flows[i].in_flight;
    return wrong;
}

int datagram_load(int port, size_t size, int count, unsigned in_flight, double rate, double ramp, double seconds, char **groups, int group_count) {
    struct epoll_event events[EVENTS];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct flow *flows = calloc((size_t)count, sizeof *flows);
    struct reading begin = {0}, end;
    int ep = epoll_create1(EPOLL_CLOEXEC), measuring = 0, starved = 0;
    u64 errors = 0, operations = 0, lost_before = 0;
    if (flows == NULL || ep < 0 || size < sizeof(struct stamp) || size > 65507 || in_flight < 1 || in_flight > BATCH) die("datagrams");
    lay_out(0);
    alarm((unsigned)(ramp + seconds) + 20);
    for (int i = 0; i < count; i++) {
        flows[i].fd = datagram_socket();
        if (connect(flows[i].fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
        watch(ep, EPOLL_CTL_ADD, flows[i].fd, EPOLLIN, (uint32_t)i);
        if (rate <= 0) send_datagrams(&flows[i], flows, size, in_flight, now_ns());
    }
    paced_from = now_ns();
    u64 next = now_ns() + (u64)(ramp * 1e9), looked = now_ns();
    while (errors == 0) {
        u64 wait = rate > 0 ? pace_datagrams(flows, count, size, rate) : 5000000;
        struct timespec timeout = {0, (long)(wait < 5000000 ? wait : 5000000)};
        int n = epoll_pwait2(ep, events, EVENTS, &timeout, NULL);
        u64 now = now_ns();
        if (window_is_due(measuring, next)) {
            if (measuring) break;
            measuring = 1;
            operations = 0;
            lost_before = lost;
            forget_latencies();
            for (int i = 0; i < count; i++) flows[i].answered_before = flows[i].answered;
            begin = read_cpu(groups, group_count);
            next = begin.at + (u64)(seconds * 1e9);
        }
        for (int i = 0; i < n; i++) {
            struct flow *f = &flows[events[i].data.u32];
            int answers = receive_datagrams(f, flows, size);
            if (answers < 0) errors++;
            else operations += (u64)answers;
            if (rate <= 0 && f->in_flight < in_flight) send_datagrams(f, flows, size, in_flight - f->in_flight, now_ns());
        }
        if (rate <= 0 && now - looked > LOST_AFTER * 500000u) looked = now, replace_lost(flows, count, size, in_flight);
    }
    int error = errno;
    end = read_cpu(groups, group_count);
    if (rate > 0) errors += drain_datagrams(ep, flows, count, size);
    if (!measuring) begin = end, operations = 0;
    /* One whose datagrams are all lost is no fault of the run: they are counted. */
    for (int i = 0; i < count && lost == lost_before; i++) starved += flows[i].answered == flows[i].answered_before;
    printf("{\"operations\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"errors\":%llu,\"first_error\":\"%s\",\"starved\":%d,\"lost\":%llu",
           (unsigned long long)operations, (unsigned long long)(operations * size), (double)(end.at - begin.at) / 1e9,
           (unsigned long long)errors, errors ? strerror(error) : "", starved, (unsigned long long)(lost - lost_before));
    printf(",\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f", percentile_us(.5), percentile_us(.99), percentile_us(.999));
    printf(",\"cpu_own\":%.6f,\"cpu_machine\":%.2f,\"cpu\":[", end.own - begin.own, end.machine - begin.machine);
    for (int i = 0; i < group_count; i++) printf("%s%.6f", i ? "," : "", end.group[i] - begin.group[i]);
    printf("]}\n");
    return 0;
}

/* The backend: one single-threaded epoll program that serves echo, source, sink and the echo of datagrams on ports of 127.0.0.1. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum kind { NONE, ACCEPT_ECHO, ACCEPT_SOURCE, ACCEPT_SINK, ECHO, SOURCE, SINK, DATAGRAMS };

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
        case DATAGRAMS: return echo_datagrams(fd);
        case SOURCE:
            if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) return drop(fd);
            n = give_bulk(fd, &p->offset);
            if (n < 0 && errno != EAGAIN) drop(fd);
            return;
        case SINK:
            n = take_bulk(fd, &p->offset, &p->count);
            if (n == -2) { /* wrong bytes: the client has to see an error, so reset */
                fprintf(stderr, "load: sink got wrong bytes near offset %llu\n", (unsigned long long)p->offset);
                reset_on_close(fd);
            }
            if (n == 0 || n == -2 || (n < 0 && errno != EAGAIN)) drop(fd);
            return;
    }
}

int backend(unsigned max_seconds) {
    int port[4], ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[EVENTS];
    for (int i = 0; i < 3; i++) {
        int fd = listen_on_loopback(&port[i]);
        peers[fd].kind = (enum kind)(ACCEPT_ECHO + i);
        watch(ep, EPOLL_CTL_ADD, fd, EPOLLIN, (uint32_t)fd);
    }
    int datagrams = open_datagram_echo(&port[3]);
    peers[datagrams].kind = DATAGRAMS;
    watch(ep, EPOLL_CTL_ADD, datagrams, EPOLLIN, (uint32_t)datagrams);
    watch(ep, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, STDIN_FILENO);
    alarm(max_seconds);
    printf("{\"echo\":%d,\"source\":%d,\"sink\":%d,\"datagrams\":%d}\n", port[0], port[1], port[2], port[3]);
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

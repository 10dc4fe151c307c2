/* Sockets, the clock and bulk streams, for both sides. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

unsigned char pattern[BULK + PERIOD], scratch[DISCARD];
enum { CHECK_EVERY = 16 };

void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

u64 now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

void set(int fd, int level, int name, int value) {
    if (setsockopt(fd, level, name, &value, sizeof value) < 0) die("setsockopt");
}

void watch(int ep, int op, int fd, uint32_t events, uint32_t data) {
    struct epoll_event e = {.events = events, .data.u32 = data};
    if (epoll_ctl(ep, op, fd, &e) < 0) die("epoll_ctl");
}

void reset_on_close(int fd) {
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
}

/*
 * Takes what a bulk stream has. Most of it is discarded inside the kernel (MSG_TRUNC), so that this program is not the
 * bottleneck; every 16th piece is really read and compared. Returns as recv does, and -2 when the bytes are wrong.
 */
ssize_t take_bulk(int fd, u64 *offset, unsigned *count) {
    int check = (*count)++ % CHECK_EVERY == 0;
    ssize_t n = check ? recv(fd, scratch, BULK, 0) : recv(fd, scratch, DISCARD, MSG_TRUNC);
    if (n <= 0) return n;
    if (check && memcmp(scratch, pattern + *offset % PERIOD, (size_t)n) != 0) return -2;
    *offset += (u64)n;
    return n;
}

ssize_t give_bulk(int fd, u64 *offset) {
    ssize_t n = send(fd, pattern + *offset % PERIOD, BULK, MSG_NOSIGNAL);
    if (n > 0) *offset += (u64)n;
    return n;
}

/* What backend and load share; see load.c for the program. */
#ifndef LOAD_H
#define LOAD_H
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { BULK = 256 * 1024, DISCARD = 1024 * 1024, EVENTS = 512, MAX_FD = 65536, PERIOD = 251 };

typedef uint64_t u64;

/*
 * Byte i of every bulk stream is i mod 251: each side can check any piece of it by its offset alone. A prime, so that a
 * lost or repeated buffer of 4, 16 or 64 KiB shifts the pattern and every later check sees it.
 */
extern unsigned char pattern[BULK + PERIOD], scratch[DISCARD];

/* common.c */
void die(const char *what);
u64 now_ns(void);
void set(int fd, int level, int name, int value);
void watch(int ep, int op, int fd, uint32_t events, uint32_t data);
void reset_on_close(int fd);
ssize_t take_bulk(int fd, u64 *offset, unsigned *count);
ssize_t give_bulk(int fd, u64 *offset);

/* datagrams.c */
int open_datagram_echo(int *port);
void echo_datagrams(int fd);
int datagram_load(int port, size_t size, int flows, unsigned in_flight, double rate, double ramp, double seconds, char **groups, int count);

/* backend.c */
int backend(unsigned max_seconds);

/* readings.c: when the window opens, latencies, and the CPU of this process, of groups of processes and of the machine */
enum { MAX_GROUPS = 16 };
struct reading { double own, machine, group[MAX_GROUPS]; u64 at; };
struct reading read_cpu(char **groups, int count);
void forget_latencies(void);
void record_latency(u64 ns);
double percentile_us(double p);
void open_window_by_signal(void);
int window_is_due(int measuring, u64 next);
#endif

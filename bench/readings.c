/* Latencies and CPU times. */
#include "load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Log-linear: 64 steps per power of two of nanoseconds, so a percentile is at most 1.6 % too high. */
enum { STEP_BITS = 6, STEPS = 1 << STEP_BITS, BUCKETS = 40 * STEPS };
static u64 histogram[BUCKETS], recorded;

void forget_latencies(void) {
    recorded = 0;
    memset(histogram, 0, sizeof histogram);
}

void record_latency(u64 ns) {
    int shift = ns < STEPS ? 0 : 63 - __builtin_clzll(ns) - STEP_BITS;
    u64 at = (u64)shift * STEPS + (ns >> shift); /* for shift > 0 the top bit of ns >> shift moves to the next block */
    histogram[at < BUCKETS ? at : BUCKETS - 1]++;
    recorded++;
}

double percentile_us(double p) {
    u64 wanted = (u64)((double)recorded * p), seen = 0;
    for (u64 i = 0; i < BUCKETS; i++) {
        if ((seen += histogram[i]) <= wanted) continue;
        if (i < 2 * STEPS) return (double)(i + 1) / 1000;
        u64 shift = i / STEPS - 1;
        return (double)((i % STEPS + STEPS + 1) << shift) / 1000;
    }
    return 0;
}

static double seconds_of(clockid_t clock) {
    struct timespec t;
    return clock_gettime(clock, &t) < 0 ? 0 : (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* User and system time of all threads: the sum that /proc/PID/stat shows, before it is rounded to 10 ms. */
static double cpu_of_pid(pid_t pid) {
    clockid_t clock;
    return clock_getcpuclockid(pid, &clock) != 0 ? 0 : seconds_of(clock); /* ended: the driver sees that */
}

static double cpu_of_group(const char *pids) {
    double sum = 0;
    for (char *end; *pids; pids = *end == ',' ? end + 1 : end) {
        long pid = strtol(pids, &end, 10);
        if (end == pids) break;
        sum += cpu_of_pid((pid_t)pid);
    }
    return sum;
}

static double cpu_of_machine(void) { /* all that was not idle, guests excluded: they are in user already */
    unsigned long v[8] = {0};
    FILE *f = fopen("/proc/stat", "r");
    if (f == NULL) return 0;
    int n = fscanf(f, "cpu %lu %lu %lu %lu %lu %lu %lu", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6]);
    fclose(f);
    return n < 7 ? 0 : (double)(v[0] + v[1] + v[2] + v[5] + v[6]) / (double)sysconf(_SC_CLK_TCK);
}

struct reading read_cpu(char **groups, int count) {
    struct reading r = {.at = now_ns()};
    for (int i = 0; i < count; i++) r.group[i] = cpu_of_group(groups[i]);
    r.own = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    r.machine = cpu_of_machine();
    return r;
}

static volatile sig_atomic_t is_told;

static void told(int number) {
    (void)number;
    is_told = 1;
}

void open_window_by_signal(void) {
    struct sigaction action = {.sa_handler = told};
    sigaction(SIGUSR1, &action, NULL);
}

int window_is_due(int measuring, u64 next) {
    return now_ns() >= next || (!measuring && is_told);
}

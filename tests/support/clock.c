/* A preloaded library (LD_PRELOAD) whose clock of the day is set wrong, and set again while the program runs:
   CLOCK_SHIFTS holds seconds added to it, one after the other, each for CLOCK_CALLS questions. What only ever
   counts on, the monotonic clock, is left alone, as it is when a person sets a clock. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long shift(void) {
    static int asked;
    const char *shifts = getenv("CLOCK_SHIFTS"), *calls = getenv("CLOCK_CALLS");
    if (!shifts) return 0;
    int step = __atomic_fetch_add(&asked, 1, __ATOMIC_RELAXED) / (calls ? atoi(calls) : 1), number = 0;
    for (const char *at = shifts; *at; at++) number += *at == ' ';
    char *end = (char *)shifts;
    long found = 0;
    for (int k = step % (number + 1); k >= 0; k--) found = strtol(end, &end, 10);
    return found;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int (*real)(clockid_t, struct timespec *) =
        (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, now);
    if (done == 0 && clock == CLOCK_REALTIME) now->tv_sec += shift();
    return done;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec read;
    (void)zone;
    int done = clock_gettime(CLOCK_REALTIME, &read);
    now->tv_sec = read.tv_sec;
    now->tv_usec = read.tv_nsec / 1000;
    return done;
}

time_t time(time_t *place) {
    struct timespec read;
    clock_gettime(CLOCK_REALTIME, &read);
    if (place) *place = read.tv_sec;
    return read.tv_sec;
}

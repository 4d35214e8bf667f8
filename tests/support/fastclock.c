/* LD_PRELOAD shim: one process's wall clock begins at FASTCLOCK_BEGIN (seconds since 1970) and runs
 * FASTCLOCK_SPEED times as fast. Monotonic clocks, and with them all timers, stay as they are. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long begin_ns, real_begin_ns;
static double speed;

static long long real_ns(void) {
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

__attribute__((constructor)) static void begin(void) {
    const char *speed_text = getenv("FASTCLOCK_SPEED"), *begin_text = getenv("FASTCLOCK_BEGIN");
    real_begin_ns = real_ns();
    begin_ns = begin_text ? atoll(begin_text) * 1000000000LL : real_begin_ns;
    speed = speed_text ? atof(speed_text) : 1;
}

static long long fast_ns(void) {
    long long now_ns = real_ns();
    return speed > 0 ? begin_ns + (long long)((now_ns - real_begin_ns) * speed) : now_ns;
}

int clock_gettime(clockid_t clock, struct timespec *out) {
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
        return syscall(SYS_clock_gettime, clock, out);
    long long now_ns = fast_ns();
    out->tv_sec = now_ns / 1000000000LL;
    out->tv_nsec = now_ns % 1000000000LL;
    return 0;
}

int gettimeofday(struct timeval *out, void *zone) {
    (void)zone;
    long long now_ns = fast_ns();
    out->tv_sec = now_ns / 1000000000LL;
    out->tv_usec = now_ns % 1000000000LL / 1000;
    return 0;
}

time_t time(time_t *out) {
    time_t now_s = fast_ns() / 1000000000LL;
    if (out)
        *out = now_s;
    return now_s;
}

#ifndef OPSTHREAD_CLOCK_H
#define OPSTHREAD_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Time that only goes forward; the same in all processes. */
static inline uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static inline uint64_t now_ms(void) { return now_us() / 1000; }

#define NEVER UINT64_MAX

static inline uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

#endif

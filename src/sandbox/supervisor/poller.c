#define _GNU_SOURCE
#include "poller.h"

#include <signal.h>
#include <stddef.h>

#include "clock.h"

#define MAX_POLLED 4096

static struct pollfd polled[MAX_POLLED];
static struct {
  poll_handler handler;
  void *owner;
  int detail;
} targets[MAX_POLLED];
static nfds_t count;
static uint64_t deadline;

void poller_clear(void) {
  count = 0;
  deadline = NEVER;
}

void poller_add(int fd, short events, poll_handler handler, void *owner, int detail) {
  if (fd < 0 || count == MAX_POLLED) return;
  polled[count] = (struct pollfd){fd, events, 0};
  targets[count].handler = handler;
  targets[count].owner = owner;
  targets[count].detail = detail;
  count++;
}

void poller_deadline(uint64_t at_ms) { deadline = earlier(deadline, at_ms); }

int poller_wait(void) {
  uint64_t now = now_ms(), wait_ms = deadline > now ? deadline - now : 0;
  struct timespec wait = {(time_t)(wait_ms / 1000), (long)(wait_ms % 1000) * 1000000};
  sigset_t open;
  sigemptyset(&open);
  int ready = ppoll(polled, count, deadline == NEVER ? NULL : &wait, &open);
  if (ready <= 0) return 0;
  for (nfds_t i = 0; i < count; i++)
    if (polled[i].revents != 0) targets[i].handler(targets[i].owner, targets[i].detail);
  return ready;
}

/*
 * The one place that waits. Before each wait, everything that is of interest is added anew: who must be held back (no credit, full
 * queue) is simply not added. Handlers have to bear being called for nothing, since an earlier one may have changed things.
 */
#ifndef OPSTHREAD_POLLER_H
#define OPSTHREAD_POLLER_H

#include <poll.h>
#include <stdint.h>

typedef void (*poll_handler)(void *owner, int detail);

void poller_clear(void);
void poller_add(int fd, short events, poll_handler handler, void *owner, int detail);
/* Waits no longer than until then, in milliseconds of now_ms(). */
void poller_deadline(uint64_t at_ms);
/* Waits, and calls the handlers. Signals are delivered only in here. Returns how many descriptors were ready. */
int poller_wait(void);

#endif

/* The connection to the host: stdin and stdout, or the newest connection to a listening socket. */
#ifndef OPSTHREAD_HOST_H
#define OPSTHREAD_HOST_H

#include <stdbool.h>

#include "frames.h"

struct host_options {
  int listen_fd; /* -1: stdin and stdout */
  uint64_t first_ms;
};

void host_start(const struct host_options *options);
/* Adds what it waits for to the poller. */
void host_poll(void);
/* Why it is time to go; -1: it is not. Values of BYE, or HOST_NEVER_CAME. */
#define HOST_NEVER_CAME 100
int host_exit_reason(void);
/* Says goodbye, and gives what is queued a second to get out. */
void host_bye(uint8_t reason);
void host_flush(void);

/* Somebody is there who has said HELLO. */
bool host_is_there(void);
/* There is room in the queue for streams; small frames always have room. */
bool host_has_room(void);
/* Room for one frame of a stream. Only after host_has_room(). */
uint8_t *host_open_frame(size_t most);
void host_close_frame(uint8_t type, uint32_t id, size_t length);
void host_send(uint8_t type, uint32_t id, const void *payload, size_t length);
void host_send_u32(uint8_t type, uint32_t id, uint32_t value);
void host_send_failed(uint32_t id, const char *message);

#endif

/* TCP connections to ports on 127.0.0.1 inside the sandbox, carried to the host. */
#ifndef OPSTHREAD_CHANNELS_H
#define OPSTHREAD_CHANNELS_H

#include "frames.h"

void channels_listen(const struct frame *frame);
void channels_data(const struct frame *frame);
void channels_credit(const struct frame *frame);
void channels_close(const struct frame *frame);
void channels_poll(void);
/* Also stops listening. */
void channels_close_all(void);

#endif

/* What the supervisor gives up, and what it closes to the commands, which run as the same user. */
#ifndef OPSTHREAD_PRIVILEGES_H
#define OPSTHREAD_PRIVILEGES_H

#include <stdbool.h>

#include "command.h"

/* With a uid of -1 the user stays. Fills in what commands get back. */
bool drop_privileges(long uid, long gid, struct original *original);

#endif

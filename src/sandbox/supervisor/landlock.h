/* Landlock: what commands may reach of files and of processes. https://docs.kernel.org/userspace-api/landlock.html */
#ifndef OPSTHREAD_LANDLOCK_H
#define OPSTHREAD_LANDLOCK_H

#include <stdbool.h>

#include "request.h"

bool landlock_files_work(void);
bool landlock_signals_work(void);

/* Keeps the calling process, and all that it starts, from the processes outside of it. False where the kernel can't. */
bool landlock_enter(void);

/* Restricts the calling process. Returns 0 or an errno; then `what` says with which path. */
int landlock_confine(const struct request *request, const char **what);

#endif

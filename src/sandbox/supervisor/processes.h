/* Finding and killing process trees. Nothing here forks or allocates: it has to work when the sandbox is full. */
#ifndef OPSTHREAD_PROCESSES_H
#define OPSTHREAD_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Sends `signal` to every living descendant of `root`, without those in `spared` and their descendants. With 0 it only counts.
 * Returns how many there were, zombies not counted; -1 when /proc cannot be read. */
int signal_descendants(pid_t root, const pid_t *spared, size_t spared_count, int signal);

/* As signal_descendants() with SIGKILL, but stops all of them first, so that none can fork faster than they are killed. */
int kill_descendants(pid_t root, const pid_t *spared, size_t spared_count);

#endif

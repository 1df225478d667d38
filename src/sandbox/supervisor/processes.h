/* Finding and killing process trees. Nothing here forks or allocates: it has to work when the sandbox is full. */
#ifndef OPSTHREAD_PROCESSES_H
#define OPSTHREAD_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Whether orphans are given to the nearest shepherd (PR_SET_CHILD_SUBREAPER, which gVisor had not got before 2023). Where not, they go to pid 1,
 * and are found by their session only; who made a session of its own as well, belongs to no execution: see kill_strays().
 */
bool adopt_orphans(void);
bool orphans_are_adopted(void);

/* Sends `signal` to every living descendant of `root`, and where orphans are not adopted to everything in `session`, without those in `spared` and their descendants. With 0 it only counts.
 * Returns how many there were, zombies not counted; -1 when /proc cannot be read. */
int signal_descendants(pid_t root, pid_t session, const pid_t *spared, size_t spared_count, int signal);

/* As signal_descendants() with SIGKILL, but stops all of them first, so that none can fork faster than they are killed. */
int kill_descendants(pid_t root, pid_t session, const pid_t *spared, size_t spared_count);

/* Where orphans are not adopted: kills all processes but pid 1, this one, the spared ones with their descendants, and those in one
 * of the sessions. Returns how many there were. */
int kill_strays(const pid_t *spared, size_t spared_count, const pid_t *sessions, size_t session_count);

#endif

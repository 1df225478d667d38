/* System calls that commands may not make. See seccomp(2), https://docs.kernel.org/userspace-api/seccomp_filter.html */
#ifndef OPSTHREAD_SECCOMP_H
#define OPSTHREAD_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * What nobody in the sandbox needs, the supervisor included: mounts, namespaces, kernel interfaces with a history of holes.
 * Installed once, in the supervisor; all others inherit it.
 */
bool refuse_dangerous_calls(void);

/*
 * Calls that signal, trace, limit or slow down one of these processes, or the process groups of the same numbers or in `groups`.
 * Everything in a sandbox runs as one user, so the kernel alone would allow them. Inherited by descendants.
 */
bool refuse_calls_against(const pid_t *processes, size_t process_count, const pid_t *groups, size_t group_count);

#endif

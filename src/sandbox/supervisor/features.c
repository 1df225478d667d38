#define _GNU_SOURCE
#include "features.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "landlock.h"
#include "memory.h"
#include "protocol.h"

/* The kernel refuses it, since this process is not dumpable; gVisor has versions that don't. */
static bool stream_is_closed(void) {
  static int known = -1;
  if (known >= 0) return known;
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/fd/2", (int)getpid());
  pid_t child = fork();
  if (child == 0) _exit(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC) < 0 ? 0 : 1);
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child) return false;
  known = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return known;
}

uint32_t features(void) {
  return (landlock_files_work() ? LANDLOCK_FILES : 0) | (landlock_signals_work() ? LANDLOCK_SIGNALS : 0) | SECCOMP |
         (stream_is_closed() ? CLOSED_STREAM : 0) |
         (memory_known() ? MEMORY_COUNTER : 0) | (access("/dev/ptmx", R_OK | W_OK) == 0 ? TERMINAL : 0);
}

const char *shell(void) {
  static const char *const shells[] = {"/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/bin/sh", "/usr/bin/sh"};
  for (unsigned i = 0; i < sizeof shells / sizeof *shells; i++)
    if (access(shells[i], X_OK) == 0) return shells[i];
  return "";
}

#define _GNU_SOURCE
#include "features.h"

#include <unistd.h>

#include "landlock.h"
#include "memory.h"
#include "protocol.h"

uint32_t features(void) {
  return (landlock_files_work() ? LANDLOCK_FILES : 0) | (landlock_signals_work() ? LANDLOCK_SIGNALS : 0) | SECCOMP |
         (memory_known() ? MEMORY_COUNTER : 0) | (access("/dev/ptmx", R_OK | W_OK) == 0 ? TERMINAL : 0);
}

const char *shell(void) {
  static const char *const shells[] = {"/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/bin/sh", "/usr/bin/sh"};
  for (unsigned i = 0; i < sizeof shells / sizeof *shells; i++)
    if (access(shells[i], X_OK) == 0) return shells[i];
  return "";
}

/* Starting one command, confined. */
#ifndef OPSTHREAD_COMMAND_H
#define OPSTHREAD_COMMAND_H

#include <sys/resource.h>
#include <sys/types.h>

#include "request.h"

/* What a command must not inherit from the supervisor, which changed it for itself. */
struct original {
  struct rlimit open_files;
};

/* Why a command did not start. */
struct failure {
  int error; /* errno; 0: it started */
  char what[256];
};

/* Descriptors 0 to 2 of the caller (and 3 with EXEC_CONTROL) become those of the command. Returns its pid, or -1. */
pid_t command_start(const struct request *request, const struct original *original, struct failure *failure);

#endif

/*
 * One process per execution that stands between the supervisor and the command. Whatever the command's processes do — sessions
 * of their own, double forks —, they stay descendants of their shepherd (PR_SET_CHILD_SUBREAPER), so that it can find, count and end
 * all of them. A spare one is made ahead of time: then an execution costs one fork only.
 */
#ifndef OPSTHREAD_SHEPHERD_H
#define OPSTHREAD_SHEPHERD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "command.h"

/* The first message to a shepherd is the payload of EXEC, with the descriptors of the command. All others are orders. */
struct shepherd_order {
  enum { ORDER_TERMINATE, ORDER_SETTLE } type;
  uint32_t value; /* TERMINATE: milliseconds between SIGTERM and SIGKILL. SETTLE: how many processes may stay */
};

struct shepherd_report {
  enum {
    REPORT_STARTED,
    REPORT_FAILED, /* the last one */
    REPORT_LEADER, /* the command has ended, others of its processes are there still */
    REPORT_DONE    /* the last one, but when processes stay */
  } type;
  bool last;          /* the shepherd ends now, and has no descendant any more */
  pid_t pid;
  int status;         /* of the leader, as from wait() */
  bool ended_by_us;   /* the leader was signalled before it ended */
  bool lost_process;  /* one was killed, and not by us */
  uint64_t ended_at_us, user_us, system_us, peak_bytes;
  uint32_t background, ended;
  struct failure failure;
};

struct shepherd {
  pid_t pid; /* 0: none */
  int socket;
};

/* Makes a shepherd. False: errno says why not. */
bool shepherd_start(struct shepherd *shepherd, const struct original *original);
bool shepherd_send_request(const struct shepherd *shepherd, const uint8_t *payload, size_t length, const int *files,
                           int file_count);
void shepherd_send_order(const struct shepherd *shepherd, struct shepherd_order order);

#endif

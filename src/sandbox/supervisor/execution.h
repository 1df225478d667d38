/* One execution: a command, its streams, and what became of it. */
#ifndef OPSTHREAD_EXECUTION_H
#define OPSTHREAD_EXECUTION_H

#include "capture.h"
#include "protocol.h"
#include "request.h"
#include "shepherd.h"
#include "spill.h"

#define STREAMS 3

enum state {
  UNUSED,
  RUNNING,  /* the command is being started, or runs */
  DRAINING, /* it has ended, what it wrote is still being read */
  SETTLING, /* the shepherd is counting, and killing, what is left over */
  ORPHANED, /* its shepherd was killed: whatever was left without one is being killed */
  ENDED,    /* the result is fixed. Processes may have been left running */
};

struct output {
  uint8_t number; /* of enum stream */
  int fd;         /* -1: it has ended */
  bool live;
  bool enlarged;  /* the pipe */
  bool discard;   /* read, so that the writer does not block, and forgotten */
  uint64_t credit;
  struct capture capture;
  char spill_name[SPILL_NAME_BYTES];
};

struct input {
  int fd; /* -1: closed, or there is none */
  bool terminal;
  bool ended;       /* the host has sent the end */
  uint32_t granted; /* bytes that the host may send still */
  uint32_t owed;    /* bytes that were used up and not granted again */
  uint8_t *data;    /* INITIAL_CREDIT bytes, once there are any */
  size_t start, used;
};

struct execution {
  enum state state;
  uint32_t handle;
  char id[MAX_ID_BYTES + 1];
  char *spill_folder;
  struct shepherd shepherd;
  struct output streams[STREAMS];
  struct input input;
  uint64_t started_us, timeout_at; /* the latter in milliseconds */
  uint32_t grace_ms, may_stay;
  uint64_t output_left;            /* bytes of stdout and stderr that are allowed still */

  /* How it is being ended. */
  int ending; /* RESULT_TIMEOUT, RESULT_STOPPED, RESULT_LIMIT; -1: it is not */
  char limit[64];
  bool over_limit; /* it has written more than it may, whatever it did then */
  uint64_t give_up_at; /* when the shepherd does not answer */
  uint64_t drain_began, drain_heard;
  uint64_t oom_kills;  /* the counter at the start */
  bool others_ran;     /* so a killed process may have been theirs */

  /* How it has ended. */
  bool reported; /* `report` is the shepherd's last word on the command */
  struct shepherd_report report;
  enum result_kind kind;
  uint32_t code;
  char detail[256];
  uint64_t wall_us;
  uint64_t ended_order; /* which one ended first */

  /* Whom it concerns. */
  bool attached;  /* the host that is there waits for the result */
  bool released;  /* nobody will ask any more */
  bool delivered;
  unsigned part;  /* of the delivery: head and tail of stdout, head and tail of stderr, the result */
  size_t offset;
};

#define MAX_EXECUTIONS 256
extern struct execution executions[MAX_EXECUTIONS];

/* execution-start.c */
bool execution_start(struct execution *execution, const struct request *request, const uint8_t *payload, size_t length,
                     const struct original *original);
void execution_prepare_shepherd(const struct original *original);
/* The shepherd that waits for its request; its pid is 0 when there is none. */
struct shepherd *execution_spare(void);

/* execution-streams.c */
void execution_poll_streams(struct execution *execution);
/* Reads what is there and may be read now. */
void execution_read_all(struct execution *execution);
bool execution_streams_ended(const struct execution *execution);
/* Something could be read, and may not be now, because the host does not take it. */
bool execution_is_held_back(const struct execution *execution);
void execution_stop_live(struct execution *execution);
void execution_close_streams(struct execution *execution);
void execution_input_add(struct execution *execution, const uint8_t *bytes, size_t length);
void execution_close_input(struct execution *execution);

/* execution-end.c */
void execution_on_report(void *execution, int detail);
void execution_terminate(struct execution *execution, int kind, uint32_t grace_ms, const char *limit);
void execution_end_over_limit(struct execution *execution, const char *limit);
void execution_tick(struct execution *execution, uint64_t now);
uint64_t execution_deadline(const struct execution *execution);
void execution_finish(struct execution *execution, enum result_kind kind, uint32_t code, const char *detail);
/* The shepherd was killed, and everything that it left has been killed since. */
void execution_finish_lost(struct execution *execution);

/* execution-result.c */
void execution_deliver(struct execution *execution);

/* executions-orphans.c */
void executions_orphan(void); /* a shepherd has ended before its processes */
bool executions_have_orphans(void);
void executions_kill_orphans(void);
/* Kills what belongs to no execution, when no other one runs; returns how many there were. Only on kernels that need it. */
uint32_t executions_kill_strays(void);

/* executions.c */
void executions_free_when_over(struct execution *execution);
void executions_ended(struct execution *execution);

#endif

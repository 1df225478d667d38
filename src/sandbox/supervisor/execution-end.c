#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "execution.h"
#include "host.h"
#include "memory.h"

#define SILENCE_MS 100   /* after the command has ended, its descendants may go on writing: until they pause for so long, */
#define DRAIN_MS 500     /* or for so long at most */
#define GIVE_UP_MS 5000  /* a shepherd that was told to kill everything has so long */

/* Reads what is there, and goes on when that was all. */
static void drain(struct execution *execution, uint64_t now) {
  execution_read_all(execution);
  if (execution_is_held_back(execution)) {
    execution->drain_began = execution->drain_heard = now;
    return;
  }
  bool over = execution_streams_ended(execution) || now >= execution->drain_heard + SILENCE_MS ||
              now >= execution->drain_began + DRAIN_MS;
  if (!over) return;
  if (execution->report.last || execution->report.type == REPORT_DONE) {
    execution->state = SETTLING;
    return;
  }
  /* One that is being ended will report by itself, after the grace that its processes have. */
  if (execution->ending < 0) shepherd_send_order(&execution->shepherd, (struct shepherd_order){ORDER_SETTLE, execution->may_stay});
  execution->state = SETTLING;
}

static uint32_t exit_code(int status) { return WIFEXITED(status) ? (uint32_t)WEXITSTATUS(status) : 128 + (uint32_t)WTERMSIG(status); }

static bool was_out_of_memory(const struct execution *execution) {
  return memory_kills() > execution->oom_kills && (!execution->others_ran || execution->report.lost_process);
}

/* The shepherd has said its last word on the command, and everything that it wrote has been read. */
static void conclude(struct execution *execution) {
  int status = execution->report.status;
  const char *limit = execution->ending == RESULT_LIMIT ? execution->limit : "";
  execution->report.ended += executions_kill_strays();
  execution_read_all(execution);
  if (execution->over_limit || (execution->ending >= 0 && execution->report.ended_by_us))
    execution_finish(execution, (enum result_kind)execution->ending, exit_code(status), limit);
  else if (was_out_of_memory(execution))
    execution_finish(execution, RESULT_OUT_OF_MEMORY, exit_code(status), "");
  else if (WIFSIGNALED(status))
    execution_finish(execution, RESULT_SIGNAL, (uint32_t)WTERMSIG(status), "");
  else
    execution_finish(execution, RESULT_EXIT, (uint32_t)WEXITSTATUS(status), "");
}

/* From one state to the next, as far as it goes. */
static void advance(struct execution *execution) {
  uint64_t now = now_ms();
  if (execution->state == DRAINING) drain(execution, now);
  if (execution->state == SETTLING && execution->report.type == REPORT_DONE) {
    if (!execution_is_held_back(execution)) conclude(execution);
  }
}

static void heard(struct execution *execution, const struct shepherd_report *report) {
  switch (report->type) {
    case REPORT_STARTED:
      execution->report = *report;
      if (execution->attached) host_send_u32(STARTED, execution->handle, (uint32_t)report->pid);
      break;
    case REPORT_FAILED:
      execution->report = *report;
      execution_finish(execution, RESULT_FAILED_EXEC, (uint32_t)report->failure.error, report->failure.what);
      break;
    case REPORT_LEADER:
    case REPORT_DONE:
      execution->report = *report;
      if (execution->state != RUNNING) break;
      execution->state = DRAINING;
      execution->drain_began = execution->drain_heard = now_ms();
      execution_close_input(execution);
      break;
  }
}

static void shepherd_gone(struct execution *execution) {
  close(execution->shepherd.socket);
  execution->shepherd.socket = -1;
  if (execution->report.last) return;
  executions_orphan();
  if (execution->state == ENDED) return;
  execution->state = ORPHANED;
  execution_close_input(execution);
}

/* A shepherd that ends before it has read an order resets the connection. That is told once, before what it has sent. */
static ssize_t receive_report(int socket, struct shepherd_report *report) {
  ssize_t got = recv(socket, report, sizeof *report, 0);
  return got < 0 && errno == ECONNRESET ? recv(socket, report, sizeof *report, 0) : got;
}

void execution_on_report(void *owner, int detail) {
  (void)detail;
  struct execution *execution = owner;
  if (execution->state == UNUSED || execution->shepherd.socket < 0) return;
  struct shepherd_report report;
  ssize_t got;
  while ((got = receive_report(execution->shepherd.socket, &report)) == sizeof report) {
    if (execution->state == ENDED) execution->report.last = report.last;
    else heard(execution, &report);
  }
  if (got >= 0 || (errno != EAGAIN && errno != EINTR)) shepherd_gone(execution);
  advance(execution);
}

static void set_ending(struct execution *execution, int kind, const char *limit) {
  execution->ending = kind;
  snprintf(execution->limit, sizeof execution->limit, "%s", limit);
}

/* Also when the command has ended before what it wrote has been read. */
void execution_end_over_limit(struct execution *execution, const char *limit) {
  if (execution->ending < 0) set_ending(execution, RESULT_LIMIT, limit);
  execution->over_limit = true;
  execution_terminate(execution, RESULT_LIMIT, 0, limit);
}

void execution_terminate(struct execution *execution, int kind, uint32_t grace_ms, const char *limit) {
  if (execution->ending < 0 && execution->state == RUNNING) set_ending(execution, kind, limit);
  if (execution->shepherd.socket < 0) return;
  uint64_t give_up_at = now_ms() + grace_ms + GIVE_UP_MS;
  if (execution->give_up_at <= give_up_at) return;
  execution->give_up_at = give_up_at;
  shepherd_send_order(&execution->shepherd, (struct shepherd_order){ORDER_TERMINATE, grace_ms});
}

void execution_tick(struct execution *execution, uint64_t now) {
  if (execution->state == RUNNING && execution->ending < 0 && now >= execution->timeout_at)
    execution_terminate(execution, RESULT_TIMEOUT, execution->grace_ms, "");
  if (now >= execution->give_up_at && execution->shepherd.pid > 0) {
    kill(execution->shepherd.pid, SIGKILL);
    execution->give_up_at = NEVER;
  }
  advance(execution);
}

uint64_t execution_deadline(const struct execution *execution) {
  uint64_t at = execution->give_up_at;
  if (execution->state == RUNNING && execution->ending < 0) at = earlier(at, execution->timeout_at);
  if (execution->state == DRAINING && !execution_is_held_back(execution))
    at = earlier(at, earlier(execution->drain_heard + SILENCE_MS, execution->drain_began + DRAIN_MS));
  return at;
}

void execution_finish_lost(struct execution *execution) {
  execution_read_all(execution);
  if (was_out_of_memory(execution)) execution_finish(execution, RESULT_OUT_OF_MEMORY, 128 + SIGKILL, "");
  else execution_finish(execution, RESULT_LOST, 0, "the shepherd was killed");
}

void execution_finish(struct execution *execution, enum result_kind kind, uint32_t code, const char *detail) {
  execution->kind = kind;
  execution->code = code;
  snprintf(execution->detail, sizeof execution->detail, "%s", detail);
  uint64_t ended_us = execution->report.ended_at_us > 0 ? execution->report.ended_at_us : now_us();
  execution->wall_us = ended_us > execution->started_us ? ended_us - execution->started_us : 0;
  execution_close_input(execution);
  execution->state = ENDED;
  execution->timeout_at = execution->give_up_at = NEVER;
  bool some_stay = execution->shepherd.socket >= 0 && execution->report.background > 0;
  if (some_stay)
    for (int i = 0; i < STREAMS; i++) {
      execution->streams[i].discard = true;
      capture_close_file(&execution->streams[i].capture);
    }
  else
    execution_close_streams(execution);
  executions_ended(execution);
}

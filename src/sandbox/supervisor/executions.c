#define _GNU_SOURCE
#include "executions.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "execution.h"
#include "host.h"
#include "memory.h"
#include "poller.h"
#include "processes.h"

#define MAX_EXECUTIONS 256
#define MAX_KEPT 64                            /* results that nobody has fetched */
#define MAX_KEPT_BYTES (64u * 1024 * 1024)     /* what they keep of their output */

static struct execution table[MAX_EXECUTIONS];
static const struct original *original;
static bool orphans; /* processes without a shepherd may be there */
static uint64_t ended_count, last_end;

uint64_t executions_last_end(void) { return last_end; }

void executions_init(const struct original *values) { original = values; }

/* ---- The table ---- */

static bool runs(const struct execution *execution) { return execution->state != UNUSED && execution->state != ENDED; }

unsigned executions_running(void) {
  unsigned count = 0;
  for (int i = 0; i < MAX_EXECUTIONS; i++) count += runs(&table[i]);
  return count;
}

/* Processes that were left running keep their place until they end; to the host it is gone once it is released. */
static struct execution *find(uint32_t handle, bool also_released) {
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (table[i].state != UNUSED && table[i].handle == handle && (also_released || !table[i].released)) return &table[i];
  return NULL;
}

static struct execution *find_id(const char *id) {
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (table[i].state != UNUSED && !table[i].released && strcmp(table[i].id, id) == 0) return &table[i];
  return NULL;
}

static void free_captures(struct execution *execution) {
  for (int i = 0; i < STREAMS; i++) capture_free(&execution->streams[i].capture);
}

static void free_when_over(struct execution *execution) {
  if (execution->state != ENDED || !execution->released || execution->shepherd.pid > 0) return;
  execution_close_streams(execution);
  free_captures(execution);
  free(execution->spill_folder);
  if (execution->shepherd.socket >= 0) close(execution->shepherd.socket);
  memset(execution, 0, sizeof *execution);
}

static void release(struct execution *execution) {
  execution->released = true;
  free_captures(execution);
  free_when_over(execution);
}

static size_t kept_bytes(const struct execution *execution) {
  size_t bytes = 0;
  for (int i = 0; i < 2; i++)
    bytes += capture_head_bytes(&execution->streams[i].capture) + capture_tail_bytes(&execution->streams[i].capture);
  return bytes;
}

/* When too much is kept, the oldest is forgotten; what the host has got before what it has not. */
static void bound_kept(const struct execution *newest) {
  for (;;) {
    unsigned kept = 0;
    size_t bytes = 0;
    struct execution *oldest = NULL;
    for (int i = 0; i < MAX_EXECUTIONS; i++) {
      struct execution *execution = &table[i];
      if (execution->state != ENDED || execution->released) continue;
      kept++;
      bytes += kept_bytes(execution);
      if (execution == newest) continue;
      bool sooner = oldest == NULL || (execution->delivered != oldest->delivered
                                         ? execution->delivered : execution->ended_order < oldest->ended_order);
      if (sooner) oldest = execution;
    }
    if (oldest == NULL || (kept <= MAX_KEPT && bytes <= MAX_KEPT_BYTES)) return;
    release(oldest);
  }
}

void executions_ended(struct execution *execution) {
  execution->ended_order = ++ended_count;
  last_end = now_ms();
  execution_deliver(execution);
  bound_kept(execution);
}

/* ---- Frames ---- */

void executions_exec(const struct frame *frame) {
  struct request request;
  struct execution *execution = NULL;
  const char *wrong = request_decode(&request, frame->payload, frame->length);
  if (wrong == NULL && (frame->id == 0 || find(frame->id, true) != NULL)) wrong = "Cannot execute: the handle is in use";
  if (wrong == NULL && request.id[0] != 0 && find_id(request.id) != NULL)
    wrong = "Cannot execute: the execution id is in use";
  for (int i = 0; wrong == NULL && execution == NULL && i < MAX_EXECUTIONS; i++)
    if (table[i].state == UNUSED) execution = &table[i];
  if (wrong == NULL && execution == NULL) wrong = "Cannot execute: too many executions";
  if (wrong != NULL) {
    host_send_failed(frame->id, wrong);
    request_free(&request);
    return;
  }
  execution->handle = frame->id;
  execution->oom_kills = memory_kills();
  for (int i = 0; i < MAX_EXECUTIONS; i++) {
    if (&table[i] == execution || table[i].state == UNUSED || (table[i].state == ENDED && table[i].shepherd.pid == 0)) continue;
    table[i].others_ran = execution->others_ran = true;
  }
  execution_start(execution, &request, frame->payload, frame->length, original);
  request_free(&request);
}

void executions_stdin(const struct frame *frame) {
  struct execution *execution = find(frame->id, false);
  if (execution != NULL && runs(execution)) execution_input_add(execution, frame->payload, frame->length);
}

void executions_credit(const struct frame *frame) {
  struct cursor cursor = cursor_of(frame);
  uint8_t number = take_u8(&cursor);
  uint32_t more = take_u32(&cursor);
  struct execution *execution = find(frame->id, false);
  if (cursor.bad || execution == NULL || number < STDOUT_STREAM || number > CONTROL_STREAM) return;
  execution->streams[number - STDOUT_STREAM].credit += more;
}

void executions_kill(const struct frame *frame) {
  struct cursor cursor = cursor_of(frame);
  uint8_t reason = take_u8(&cursor);
  uint32_t grace_ms = take_u32(&cursor);
  char limit[64] = "";
  size_t length = take_u32(&cursor);
  const uint8_t *text = take_bytes(&cursor, length);
  struct execution *execution = find(frame->id, true);
  if (cursor.bad || execution == NULL) return;
  memcpy(limit, text, length < sizeof limit ? length : sizeof limit - 1);
  if (execution->state != RUNNING) execution_stop_live(execution); /* nothing is to wait for the host any more */
  execution_terminate(execution, reason == 1 ? RESULT_LIMIT : RESULT_STOPPED, grace_ms, limit);
}

void executions_list(const struct frame *frame) {
  static struct builder builder;
  uint32_t count = 0;
  uint64_t now = now_us();
  for (int i = 0; i < MAX_EXECUTIONS; i++) count += table[i].state != UNUSED && !table[i].released;
  builder.used = 0;
  put_u32(&builder, count);
  for (int i = 0; i < MAX_EXECUTIONS; i++) {
    struct execution *execution = &table[i];
    if (execution->state == UNUSED || execution->released) continue;
    put_u32(&builder, execution->handle);
    put_str(&builder, execution->id);
    put_u8(&builder, execution->state == ENDED);
    put_u64(&builder, (now - execution->started_us) / 1000);
  }
  host_send(LISTED, frame->id, builder.data, builder.used);
}

void executions_adopt(const struct frame *frame) {
  struct cursor cursor = cursor_of(frame);
  char id[MAX_ID_BYTES + 1] = "";
  size_t length = take_u32(&cursor);
  const uint8_t *text = take_bytes(&cursor, length);
  struct execution *execution = NULL;
  if (!cursor.bad && length > 0 && length <= MAX_ID_BYTES) {
    memcpy(id, text, length);
    execution = find_id(id);
  }
  static struct builder builder;
  builder.used = 0;
  put_u8(&builder, execution != NULL);
  put_u32(&builder, execution != NULL ? execution->handle : 0);
  put_u8(&builder, execution != NULL && execution->state == ENDED);
  host_send(ADOPTED, frame->id, builder.data, builder.used);
  if (execution == NULL) return;
  execution->attached = true;
  execution->delivered = false;
  execution->part = 0;
  execution->offset = 0;
}

void executions_release(const struct frame *frame) {
  struct execution *execution = find(frame->id, false);
  if (execution != NULL && execution->state == ENDED) release(execution);
}

void executions_resize(const struct frame *frame) {
  struct cursor cursor = cursor_of(frame);
  struct winsize size = {0};
  size.ws_col = take_u16(&cursor);
  size.ws_row = take_u16(&cursor);
  struct execution *execution = find(frame->id, false);
  if (!cursor.bad && execution != NULL) ioctl(execution->streams[0].fd, TIOCSWINSZ, &size);
}

void executions_host_lost(void) {
  for (int i = 0; i < MAX_EXECUTIONS; i++) {
    struct execution *execution = &table[i];
    if (execution->state == UNUSED) continue;
    execution->attached = false;
    execution_stop_live(execution);
    /* Nobody else knows what was still to come, and half an input must not look like a whole one. */
    if (runs(execution) && execution->input.fd >= 0 && !execution->input.terminal && !execution->input.ended)
      execution_terminate(execution, RESULT_LOST, 0, "");
  }
}

/* ---- The loop ---- */

void executions_orphan(void) { orphans = true; }

static size_t living_shepherds(pid_t shepherds[MAX_EXECUTIONS + 1]) {
  size_t count = 0;
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (table[i].shepherd.pid > 0 && table[i].shepherd.socket >= 0) shepherds[count++] = table[i].shepherd.pid;
  if (execution_spare()->pid > 0) shepherds[count++] = execution_spare()->pid;
  return count;
}

/* Blocks for the moments that it takes; only on kernels that do not give orphans to shepherds. */
uint32_t executions_kill_strays(void) {
  if (orphans_are_adopted() || executions_running() > 1) return 0;
  pid_t shepherds[MAX_EXECUTIONS + 1], sessions[MAX_EXECUTIONS];
  size_t count = living_shepherds(shepherds), session_count = 0;
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (table[i].shepherd.socket >= 0 && table[i].report.pid > 0) sessions[session_count++] = table[i].report.pid;
  int killed = 0;
  for (int round = 0; round < 200; round++) {
    int found = kill_strays(shepherds, count, sessions, session_count);
    if (round == 0) killed = found;
    if (found <= 0) break;
    usleep(2000);
  }
  return killed > 0 ? (uint32_t)killed : 0;
}

/* Whatever has lost its shepherd has been given to this process, and belongs to nobody: it is killed. */
static void sweep(void) {
  pid_t shepherds[MAX_EXECUTIONS + 1];
  size_t count = living_shepherds(shepherds);
  if (kill_descendants(getpid(), 0, shepherds, count) > 0) return;
  orphans = false;
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (table[i].state == ORPHANED) execution_finish_lost(&table[i]);
}

void executions_poll(void) {
  if (orphans) poller_deadline(now_ms() + 5);
  for (int i = 0; i < MAX_EXECUTIONS; i++) {
    struct execution *execution = &table[i];
    if (execution->state == UNUSED) continue;
    poller_add(execution->shepherd.socket, POLLIN, execution_on_report, execution, 0);
    execution_poll_streams(execution);
    poller_deadline(execution_deadline(execution));
  }
}

void executions_tick(void) {
  uint64_t now = now_ms();
  if (orphans) sweep();
  for (int i = 0; i < MAX_EXECUTIONS; i++) {
    struct execution *execution = &table[i];
    if (runs(execution)) execution_tick(execution, now);
    if (execution->state == ENDED) execution_deliver(execution);
  }
}

static struct shepherd *shepherd_of(pid_t pid, struct execution **execution) {
  *execution = NULL;
  if (execution_spare()->pid == pid) return execution_spare();
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (table[i].state != UNUSED && table[i].shepherd.pid == pid) {
      *execution = &table[i];
      return &table[i].shepherd;
    }
  return NULL;
}

void executions_reap(void) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL)) > 0) {
    struct execution *execution;
    struct shepherd *shepherd = shepherd_of(pid, &execution);
    if (shepherd == NULL) continue;
    if (WIFSTOPPED(status)) {
      kill(pid, SIGCONT); /* a shepherd that stands still would let its command run for ever */
      continue;
    }
    shepherd->pid = 0;
    if (execution == NULL) {
      close(shepherd->socket);
      shepherd->socket = -1;
      continue;
    }
    if (shepherd->socket >= 0) execution_on_report(execution, 0);
    free_when_over(execution);
  }
}

void executions_prepare(void) { execution_prepare_shepherd(original); }
bool executions_have_spare(void) { return execution_spare()->pid > 0; }

void executions_end_all(void) {
  uint64_t began = now_ms();
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (table[i].state != UNUSED && table[i].shepherd.socket >= 0) close(table[i].shepherd.socket);
  if (execution_spare()->pid > 0) close(execution_spare()->socket);
  for (;;) {
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0) continue;
    if (pid < 0 && errno == ECHILD && (orphans_are_adopted() || kill_strays(NULL, 0, NULL, 0) <= 0)) return;
    uint64_t now = now_ms();
    if (now > began + 10000) return;
    if (now > began + 1000) kill_descendants(getpid(), 0, NULL, 0);
    usleep(1000);
  }
}

#define _GNU_SOURCE
#include "executions.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "execution.h"
#include "host.h"
#include "memory.h"
#include "poller.h"

#define RETRY_MS 100 /* when there can be no further process */
#define MAX_KEPT 64                        /* results that nobody has fetched */
#define MAX_KEPT_BYTES (64u * 1024 * 1024) /* what they keep of their output */

struct execution executions[MAX_EXECUTIONS];
static const struct original *original;
static uint64_t ended_count, last_end;

uint64_t executions_last_end(void) { return last_end; }

void executions_init(const struct original *values) { original = values; }

/* ---- The table ---- */

static bool runs(const struct execution *execution) { return execution->state != UNUSED && execution->state != ENDED; }

unsigned executions_running(void) {
  unsigned count = 0;
  for (int i = 0; i < MAX_EXECUTIONS; i++) count += runs(&executions[i]);
  return count;
}

/* Processes that were left running keep their place until they end; to the host it is gone once it is released. */
static struct execution *find(uint32_t handle, bool also_released) {
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (executions[i].state != UNUSED && executions[i].handle == handle && (also_released || !executions[i].released)) return &executions[i];
  return NULL;
}

static struct execution *find_id(const char *id) {
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (executions[i].state != UNUSED && !executions[i].released && strcmp(executions[i].id, id) == 0) return &executions[i];
  return NULL;
}

static void free_captures(struct execution *execution) {
  for (int i = 0; i < STREAMS; i++) capture_free(&execution->streams[i].capture);
}

void executions_free_when_over(struct execution *execution) {
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
  executions_free_when_over(execution);
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
      struct execution *execution = &executions[i];
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

/* When the next shepherd is made ahead: it would be in the way of a command that has only just begun. */
static uint64_t prepare_at;
#define PREPARE_MS 5

void executions_ended(struct execution *execution) {
  prepare_at = 0;
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
    if (executions[i].state == UNUSED) execution = &executions[i];
  if (wrong == NULL && execution == NULL) wrong = "Cannot execute: too many executions";
  if (wrong != NULL) {
    host_send_failed(frame->id, wrong);
    request_free(&request);
    return;
  }
  execution->handle = frame->id;
  execution->oom_kills = memory_kills();
  for (int i = 0; i < MAX_EXECUTIONS; i++) {
    if (&executions[i] == execution || executions[i].state == UNUSED || (executions[i].state == ENDED && executions[i].shepherd.pid == 0)) continue;
    executions[i].others_ran = execution->others_ran = true;
  }
  execution_start(execution, &request, frame->payload, frame->length, original);
  prepare_at = now_ms() + PREPARE_MS;
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
  for (int i = 0; i < MAX_EXECUTIONS; i++) count += executions[i].state != UNUSED && !executions[i].released;
  builder.used = 0;
  put_u32(&builder, count);
  for (int i = 0; i < MAX_EXECUTIONS; i++) {
    struct execution *execution = &executions[i];
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
    struct execution *execution = &executions[i];
    if (execution->state == UNUSED) continue;
    execution->attached = false;
    execution_stop_live(execution);
    /* Nobody else knows what was still to come, and half an input must not look like a whole one. */
    if (runs(execution) && execution->input.fd >= 0 && !execution->input.terminal && !execution->input.ended)
      execution_terminate(execution, RESULT_LOST, 0, "");
  }
}

/* ---- The loop ---- */

void executions_poll(void) {
  if (executions_have_orphans()) poller_deadline(now_ms() + 5);
  for (int i = 0; i < MAX_EXECUTIONS; i++) {
    struct execution *execution = &executions[i];
    if (execution->state == UNUSED) continue;
    poller_add(execution->shepherd.socket, POLLIN, execution_on_report, execution, 0);
    execution_poll_streams(execution);
    poller_deadline(execution_deadline(execution));
  }
}

void executions_tick(void) {
  uint64_t now = now_ms();
  executions_kill_orphans();
  for (int i = 0; i < MAX_EXECUTIONS; i++) {
    struct execution *execution = &executions[i];
    if (runs(execution)) execution_tick(execution, now);
    if (execution->state == ENDED) execution_deliver(execution);
  }
}

uint64_t executions_prepare_at(void) { return execution_spare()->pid > 0 ? NEVER : prepare_at; }

void executions_prepare(void) {
  uint64_t now = now_ms();
  if (now < executions_prepare_at()) return;
  execution_prepare_shepherd(original);
  prepare_at = execution_spare()->pid > 0 ? 0 : now + RETRY_MS;
}

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "execution.h"
#include "host.h"
#include "poller.h"

#define READ_BYTES 65536
#define LIVE_BYTES 32768 /* a frame does not hold a whole pipe and the number of the stream; half a pipe leaves no crumbs */
#define LARGE_PIPE (1024 * 1024)
#define CREDIT_STEP (INITIAL_CREDIT / 4)

/* ---- Output ---- */

static bool may_read(const struct output *stream) {
  if (stream->fd < 0) return false;
  return stream->discard || !stream->live || (stream->credit > 0 && host_has_room());
}

static void close_stream(struct output *stream) {
  if (stream->fd >= 0) close(stream->fd);
  stream->fd = -1;
  capture_close_file(&stream->capture);
}

/* Of `length` bytes of stdout or stderr, those that are allowed; over the limit the command is ended. */
static size_t count_output(struct execution *execution, size_t length) {
  if (length <= execution->output_left) {
    execution->output_left -= length;
    return length;
  }
  length = (size_t)execution->output_left;
  execution->output_left = 0;
  execution_end_over_limit(execution, "outputBytes");
  return length;
}

static void keep(struct execution *execution, struct output *stream, const uint8_t *bytes, size_t length) {
  capture_add(&stream->capture, bytes, length, execution->spill_folder ? execution->spill_folder : "", stream->spill_name);
}

/* Reads once. False: there is nothing (more) to be read now. */
static bool read_stream(struct execution *execution, struct output *stream) {
  static uint8_t scratch[1 + READ_BYTES];
  if (!may_read(stream)) return false;
  bool sends = stream->live && !stream->discard;
  size_t most = !sends ? READ_BYTES : stream->credit < LIVE_BYTES ? (size_t)stream->credit : LIVE_BYTES;
  uint8_t *to = sends ? host_open_frame(1 + most) : scratch;
  if (to == NULL) return false;
  ssize_t got = read(stream->fd, to + 1, most);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got <= 0) { /* a terminal that nobody holds any more says EIO */
    close_stream(stream);
    return false;
  }
  execution->drain_heard = now_ms();
  if (stream->discard) return true;
  size_t length = (size_t)got;
  if (stream->number != CONTROL_STREAM) {
    length = count_output(execution, length);
    keep(execution, stream, to + 1, length);
  }
  if (sends && length > 0) {
    to[0] = stream->number;
    host_close_frame(OUTPUT, execution->handle, 1 + length);
    stream->credit -= length;
  }
  /* Whoever fills a pipe in one go gets a larger one: fewer switches. It stays as it is when the user has too many already. */
  if ((size_t)got == most && got >= LIVE_BYTES && !stream->enlarged) {
    fcntl(stream->fd, F_SETPIPE_SZ, LARGE_PIPE);
    stream->enlarged = true;
  }
  return true;
}

static void on_readable(void *owner, int index) {
  struct execution *execution = owner;
  if (execution->state != UNUSED) read_stream(execution, &execution->streams[index]);
}

void execution_read_all(struct execution *execution) {
  for (int i = 0; i < STREAMS; i++)
    for (int times = 0; times < 32 && read_stream(execution, &execution->streams[i]); times++) continue;
}

bool execution_streams_ended(const struct execution *execution) {
  for (int i = 0; i < STREAMS; i++)
    if (execution->streams[i].fd >= 0) return false;
  return true;
}

bool execution_is_held_back(const struct execution *execution) {
  for (int i = 0; i < STREAMS; i++)
    if (execution->streams[i].fd >= 0 && !may_read(&execution->streams[i])) return true;
  return false;
}

void execution_stop_live(struct execution *execution) {
  for (int i = 0; i < STREAMS; i++) execution->streams[i].live = false;
}

void execution_close_streams(struct execution *execution) {
  for (int i = 0; i < STREAMS; i++) close_stream(&execution->streams[i]);
}

/* ---- Input ---- */

void execution_close_input(struct execution *execution) {
  struct input *input = &execution->input;
  if (input->fd >= 0) close(input->fd);
  input->fd = -1;
  free(input->data);
  input->data = NULL;
  input->start = input->used = 0;
}

static void grant(struct execution *execution) {
  struct input *input = &execution->input;
  if (input->ended || input->owed < CREDIT_STEP || !execution->attached) return;
  host_send_u32(STDIN_CREDIT, execution->handle, input->owed);
  input->granted += input->owed;
  input->owed = 0;
}

static void write_input(struct execution *execution) {
  struct input *input = &execution->input;
  while (input->fd >= 0 && input->used > 0) {
    ssize_t wrote = write(input->fd, input->data + input->start, input->used);
    if (wrote < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (wrote < 0) { /* the command does not want it any more; the host may go on sending */
      input->owed += (uint32_t)input->used;
      execution_close_input(execution);
      break;
    }
    input->start += (size_t)wrote;
    input->used -= (size_t)wrote;
    input->owed += (uint32_t)wrote;
  }
  grant(execution);
  if (input->ended && input->used == 0) execution_close_input(execution);
}

static void on_writable(void *owner, int detail) {
  (void)detail;
  struct execution *execution = owner;
  if (execution->state != UNUSED) write_input(execution);
}

static bool buffer_input(struct input *input, const uint8_t *bytes, size_t length) {
  if (input->data == NULL) input->data = malloc(INITIAL_CREDIT);
  if (input->data == NULL || input->used + length > INITIAL_CREDIT) return false;
  if (input->start + input->used + length > INITIAL_CREDIT) {
    memmove(input->data, input->data + input->start, input->used);
    input->start = 0;
  }
  memcpy(input->data + input->start + input->used, bytes, length);
  input->used += length;
  return true;
}

void execution_input_add(struct execution *execution, const uint8_t *bytes, size_t length) {
  struct input *input = &execution->input;
  if (input->ended) return;
  if (length > input->granted) {
    host_send_failed(execution->handle, "Cannot take stdin: over the credit");
    return;
  }
  input->granted -= (uint32_t)length;
  if (length == 0) {
    input->ended = true;
    /* A terminal has no end; its end-of-file character does the same for whoever reads lines from it. */
    if (input->terminal && input->fd >= 0) buffer_input(input, (const uint8_t *)"\x04", 1);
  } else if (input->fd < 0 || !buffer_input(input, bytes, length)) {
    input->owed += (uint32_t)length;
  }
  write_input(execution);
}

void execution_poll_streams(struct execution *execution) {
  for (int i = 0; i < STREAMS; i++)
    if (may_read(&execution->streams[i])) poller_add(execution->streams[i].fd, POLLIN, on_readable, execution, i);
  if (execution->input.used > 0) poller_add(execution->input.fd, POLLOUT, on_writable, execution, 0);
}

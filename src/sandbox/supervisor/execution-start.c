#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "execution.h"

static struct shepherd spare = {0, -1};

struct shepherd *execution_spare(void) { return &spare; }

void execution_prepare_shepherd(const struct original *original) {
  if (spare.pid == 0) shepherd_start(&spare, original);
}

/* ---- What the command gets as descriptors 0 to 3 ---- */

struct files {
  int fds[4];
};

static bool open_pipe(int *read_end, int *write_end) {
  int pair[2];
  if (pipe2(pair, O_CLOEXEC) != 0) return false;
  *read_end = pair[0];
  *write_end = pair[1];
  return true;
}

static bool open_output(struct output *stream, int *theirs) {
  if (!open_pipe(&stream->fd, theirs)) return false;
  fcntl(stream->fd, F_SETFL, O_NONBLOCK);
  return true;
}

static bool open_input(struct execution *execution, const struct request *request, struct files *files) {
  if (request->flags & EXEC_STDIN) {
    if (!open_pipe(&files->fds[0], &execution->input.fd)) return false;
    fcntl(execution->input.fd, F_SETFL, O_NONBLOCK);
    return true;
  }
  files->fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (files->fds[0] >= 0) return true;
  int write_end;
  if (!open_pipe(&files->fds[0], &write_end)) return false;
  close(write_end);
  return true;
}

/* posix_openpt() without the helpers of the C library, which look into files of the system. See pty(7). */
static bool open_terminal(struct execution *execution, const struct request *request, struct files *files) {
  int unlock = 0, number;
  char path[32];
  int ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  execution->streams[0].fd = ours;
  if (ours < 0 || ioctl(ours, TIOCSPTLCK, &unlock) != 0 || ioctl(ours, TIOCGPTN, &number) != 0) return false;
  struct winsize size = {.ws_col = request->columns, .ws_row = request->rows};
  ioctl(ours, TIOCSWINSZ, &size);
  snprintf(path, sizeof path, "/dev/pts/%d", number);
  files->fds[1] = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  files->fds[2] = files->fds[1] < 0 ? -1 : fcntl(files->fds[1], F_DUPFD_CLOEXEC, 0);
  if (files->fds[2] < 0) return false;
  if (!(request->flags & EXEC_STDIN)) return open_input(execution, request, files);
  execution->input.terminal = true;
  execution->input.fd = fcntl(ours, F_DUPFD_CLOEXEC, 0);
  files->fds[0] = fcntl(files->fds[1], F_DUPFD_CLOEXEC, 0);
  return execution->input.fd >= 0 && files->fds[0] >= 0;
}

static bool open_files(struct execution *execution, const struct request *request, struct files *files) {
  if (request->flags & EXEC_CONTROL && !open_output(&execution->streams[2], &files->fds[3])) return false;
  if (request->flags & EXEC_TERMINAL) return open_terminal(execution, request, files);
  return open_input(execution, request, files) && open_output(&execution->streams[0], &files->fds[1]) &&
         open_output(&execution->streams[1], &files->fds[2]);
}

/* ---- Starting ---- */

static void set_up(struct execution *execution, const struct request *request) {
  static const char *const endings[] = {".stdout", ".stderr"};
  strcpy(execution->id, request->id);
  execution->spill_folder = strdup(request->spill_folder);
  execution->grace_ms = request->grace_ms;
  execution->may_stay = request->background;
  execution->output_left = request->output_bytes > 0 ? request->output_bytes : UINT64_MAX;
  execution->timeout_at = request->timeout_ms > 0 ? now_ms() + request->timeout_ms : NEVER;
  execution->give_up_at = NEVER;
  execution->ending = -1;
  execution->attached = true;
  execution->input = (struct input){.fd = -1, .granted = INITIAL_CREDIT};
  for (int i = 0; i < STREAMS; i++) {
    struct output *stream = &execution->streams[i];
    *stream = (struct output){.number = (uint8_t)(STDOUT_STREAM + i), .fd = -1, .credit = request->live_bytes};
    stream->live = i == 2 || request->flags & EXEC_LIVE;
    capture_begin(&stream->capture, i == 2 ? 0 : request->capture_bytes);
    if (i < 2) spill_name(stream->spill_name, execution->id, endings[i]);
  }
}

/* The spare one may have been killed: then another is made. */
static bool hand_over(struct execution *execution, const uint8_t *payload, size_t length, const struct files *files,
                      int count, const struct original *original) {
  for (int attempt = 0; attempt < 2; attempt++) {
    if (spare.pid == 0 && !shepherd_start(&spare, original)) return false;
    execution->shepherd = spare;
    spare = (struct shepherd){0, -1};
    if (shepherd_send_request(&execution->shepherd, payload, length, files->fds, count)) return true;
    close(execution->shepherd.socket);
    execution->shepherd = (struct shepherd){0, -1};
  }
  return false;
}

/* False: it has no shepherd, and has ended with RESULT_FAILED_EXEC. */
bool execution_start(struct execution *execution, const struct request *request, const uint8_t *payload, size_t length,
                     const struct original *original) {
  struct files files = {{-1, -1, -1, -1}};
  execution->state = RUNNING;
  execution->shepherd = (struct shepherd){0, -1};
  set_up(execution, request);
  execution->started_us = now_us();
  const char *what = "files";
  bool started = open_files(execution, request, &files);
  if (started) {
    what = "fork";
    started = hand_over(execution, payload, length, &files, request->flags & EXEC_CONTROL ? 4 : 3, original);
  }
  int error = errno;
  for (int i = 0; i < 4; i++)
    if (files.fds[i] >= 0) close(files.fds[i]);
  if (!started) execution_finish(execution, RESULT_FAILED_EXEC, (uint32_t)error, what);
  return started;
}

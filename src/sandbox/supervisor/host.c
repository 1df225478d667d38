#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channels.h"
#include "clock.h"
#include "executions.h"
#include "features.h"
#include "poller.h"

/* Streams stop at the first mark of the queue, frames of the host are read up to the second: each can have one answer as large as a frame
 * can be, and above it there is room for all small frames that can be under way. */
#define ROOM_FOR_STREAMS (QUEUE_BYTES / 2)
#define ROOM_FOR_ANSWERS (QUEUE_BYTES / 8 * 5)

static struct reader reader;
static struct queue queue;
static int listen_fd = -1, in = -1, out = -1;
static bool greeted, ever_greeted, asked_to_end;
static uint32_t greeted_marks;
static uint8_t greeted_nonce[16];
static uint64_t started_at, last_frame_at, greeted_at, first_ms;
static uint64_t grace_ms, idle_ms, lifetime_ms;

static void set_nonblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

void host_start(const struct host_options *options) {
  queue.data = mmap(NULL, QUEUE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (queue.data == MAP_FAILED) _exit(1);
  madvise(queue.data, QUEUE_BYTES, MADV_DONTFORK);
  first_ms = options->first_ms;
  started_at = last_frame_at = greeted_at = now_ms();
  listen_fd = options->listen_fd;
  if (listen_fd < 0) {
    in = 0;
    out = 1;
    set_nonblocking(in);
    set_nonblocking(out);
  } else {
    fcntl(listen_fd, F_SETFD, FD_CLOEXEC);
    set_nonblocking(listen_fd);
  }
}

/* What goes on, goes on without anybody listening. */
static void forget_host(void) {
  if (greeted) last_frame_at = now_ms();
  greeted = false;
  executions_host_lost();
  channels_close_all();
}

static void disconnect(void) {
  if (listen_fd >= 0 && in >= 0) close(in);
  in = out = -1;
  queue_clear(&queue);
  reader_reset(&reader);
  forget_host();
}

/* ---- Sending ---- */

bool host_is_there(void) { return greeted && out >= 0; }
bool host_has_room(void) { return host_is_there() && queue_used(&queue) < ROOM_FOR_STREAMS; }
uint8_t *host_open_frame(size_t most) { return queue_open(&queue, most); }
void host_close_frame(uint8_t type, uint32_t id, size_t length) { queue_close(&queue, type, id, length); }

void host_send(uint8_t type, uint32_t id, const void *payload, size_t length) {
  if (!host_is_there()) return;
  uint8_t *to = queue_open(&queue, length);
  if (to == NULL) { /* cannot be: see ROOM_FOR_ANSWERS */
    disconnect();
    return;
  }
  if (length > 0) memcpy(to, payload, length);
  queue_close(&queue, type, id, length);
}

void host_send_u32(uint8_t type, uint32_t id, uint32_t value) {
  uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
  host_send(type, id, bytes, sizeof bytes);
}

void host_send_failed(uint32_t id, const char *message) {
  static struct builder builder;
  builder.used = 0;
  put_str(&builder, message);
  host_send(FAILED, id, builder.data, builder.used);
}

static void send_some(void) {
  while (out >= 0 && queue_used(&queue) > 0) {
    ssize_t wrote = write(out, queue.data + queue.start, queue_used(&queue));
    if (wrote > 0) {
      queue_sent(&queue, (size_t)wrote);
      continue;
    }
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno != EAGAIN) disconnect();
    return;
  }
}

/* ---- Receiving ---- */

static void hello(const struct frame *frame) {
  struct cursor cursor = cursor_of(frame);
  uint32_t version = take_u32(&cursor);
  const uint8_t *nonce = take_bytes(&cursor, 16);
  uint32_t grace = take_u32(&cursor), idle = take_u32(&cursor), lifetime = take_u32(&cursor);
  if (cursor.bad) return;
  (void)version; /* WELCOME says which one is spoken here; the host decides */
  queue_cut(&queue);
  forget_host();
  grace_ms = grace;
  idle_ms = idle;
  lifetime_ms = lifetime;
  greeted = ever_greeted = true;
  greeted_marks = reader.marks;
  memcpy(greeted_nonce, nonce, sizeof greeted_nonce);
  last_frame_at = greeted_at = now_ms();
  static struct builder welcome;
  welcome.used = 0;
  put_u32(&welcome, PROTOCOL_VERSION);
  put_bytes(&welcome, nonce, 16);
  put_u32(&welcome, features());
  put_str(&welcome, shell());
  queue_mark(&queue);
  host_send(WELCOME, frame->id, welcome.data, welcome.used);
}

/* Two hosts may speak on one stream: the one that was here before does not know at once that it was replaced. */
static bool is_of_host(const struct frame *frame) {
  return frame->length == sizeof greeted_nonce && memcmp(frame->payload, greeted_nonce, sizeof greeted_nonce) == 0;
}

static void obey(const struct frame *frame) {
  /* After a mark it may be somebody else, who has to say so first. */
  if (frame->type == HELLO) hello(frame);
  if (!greeted || greeted_marks != reader.marks) return;
  last_frame_at = now_ms();
  switch (frame->type) {
    case PING: host_send(PONG, frame->id, frame->payload, frame->length); break;
    case EXEC: executions_exec(frame); break;
    case STDIN: executions_stdin(frame); break;
    case CREDIT: executions_credit(frame); break;
    case KILL: executions_kill(frame); break;
    case LIST: executions_list(frame); break;
    case ADOPT: executions_adopt(frame); break;
    case RELEASE: executions_release(frame); break;
    case END: asked_to_end = is_of_host(frame); break;
    case LISTEN: channels_listen(frame); break;
    case RESIZE: executions_resize(frame); break;
    case H_CHANNEL_DATA: channels_data(frame); break;
    case H_CHANNEL_CREDIT: channels_credit(frame); break;
    case H_CHANNEL_CLOSE: channels_close(frame); break;
    case HELLO: break;
    default: host_send_failed(frame->id, "Unknown frame"); break;
  }
}

static bool may_answer(void) { return queue_used(&queue) < ROOM_FOR_ANSWERS; }

/* False: frames are left, for which there is no room. */
static bool obey_all(void) {
  struct frame frame;
  while (may_answer()) {
    if (asked_to_end || !reader_next(&reader, &frame)) return true;
    obey(&frame);
  }
  return false;
}

static void receive(void *owner, int detail) {
  (void)owner, (void)detail;
  if (in < 0) return;
  size_t room;
  uint8_t *space = reader_space(&reader, &room);
  ssize_t got = room > 0 ? read(in, space, room) : 0;
  if (got > 0) {
    reader_filled(&reader, (size_t)got);
    obey_all();
    return;
  }
  if (room == 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;
  disconnect();
}

static void on_sendable(void *owner, int detail) {
  (void)owner, (void)detail;
  send_some();
}

static void on_connection(void *owner, int detail) {
  (void)owner, (void)detail;
  int connection = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (connection < 0) return;
  disconnect();
  in = out = connection;
}

static uint64_t idle_at(void) {
  uint64_t ended = executions_last_end();
  return (ended > greeted_at ? ended : greeted_at) + idle_ms;
}

void host_poll(void) {
  /* Frames that had to wait for room get it by sending: no further bytes of the host may come that would wake us. */
  bool done;
  do {
    done = obey_all();
    send_some();
  } while (!done && may_answer());
  poller_add(listen_fd, POLLIN, on_connection, NULL, 0);
  if (may_answer()) poller_add(in, POLLIN, receive, NULL, 0);
  if (queue_used(&queue) > 0) poller_add(out, POLLOUT, on_sendable, NULL, 0);
  if (!ever_greeted) {
    poller_deadline(started_at + first_ms);
    return;
  }
  if (idle_ms > 0 && executions_running() == 0) poller_deadline(idle_at());
  if (lifetime_ms > 0) poller_deadline(started_at + lifetime_ms);
  poller_deadline(last_frame_at + grace_ms);
}

/* ---- Going ---- */

/* Everything may just have been frozen for long (a paused container), with the host's frames waiting. */
static bool input_waits(void) {
  struct pollfd polled[2] = {{in, POLLIN, 0}, {listen_fd, POLLIN, 0}};
  return may_answer() && poll(polled, 2, 0) > 0;
}

int host_exit_reason(void) {
  uint64_t now = now_ms();
  if (asked_to_end) return 0;
  if (!ever_greeted) return now >= started_at + first_ms && !input_waits() ? HOST_NEVER_CAME : -1;
  if (now >= last_frame_at + grace_ms && !input_waits()) return 1;
  if (idle_ms > 0 && executions_running() == 0 && now >= idle_at() && !input_waits()) return 2;
  if (lifetime_ms > 0 && now >= started_at + lifetime_ms) return 3;
  return -1;
}

void host_bye(uint8_t reason) { host_send(BYE, 0, &reason, 1); }

void host_flush(void) {
  uint64_t until = now_ms() + 1000;
  for (send_some(); out >= 0 && queue_used(&queue) > 0 && now_ms() < until; send_some()) {
    struct pollfd polled = {out, POLLOUT, 0};
    poll(&polled, 1, 100);
  }
}

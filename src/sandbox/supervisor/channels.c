#define _GNU_SOURCE
#include "channels.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"
#include "poller.h"

#define MAX_CHANNELS 128
#define MAX_LISTENERS 16
#define CREDIT_STEP (INITIAL_CREDIT / 4) /* so many bytes are let go of before the host is told */

static struct channel {
  uint32_t id; /* 0: unused */
  int socket;
  uint64_t credit;      /* bytes that the host takes */
  uint32_t granted;     /* bytes that the host may send still */
  uint8_t *waiting;     /* INITIAL_CREDIT bytes, once there are any: from the host, for the socket */
  size_t start, used;
  uint32_t owed;        /* bytes that went to the socket and were not granted again */
  bool ended, host_ended; /* no more from the socket; from the host */
  bool shut;
} channels[MAX_CHANNELS];

static int listeners[MAX_LISTENERS];
static unsigned listener_count;
static uint32_t last_id;

static struct channel *find(uint32_t id) {
  for (unsigned i = 0; i < MAX_CHANNELS && id != 0; i++)
    if (channels[i].id == id) return &channels[i];
  return NULL;
}

static struct channel *find_unused(void) {
  for (unsigned i = 0; i < MAX_CHANNELS; i++)
    if (channels[i].id == 0) return &channels[i];
  return NULL;
}

static void drop(struct channel *channel) {
  close(channel->socket);
  free(channel->waiting);
  *channel = (struct channel){0};
}

static void close_and_tell(struct channel *channel) {
  host_send(CHANNEL_CLOSE, channel->id, NULL, 0);
  drop(channel);
}

void channels_close_all(void) {
  for (unsigned i = 0; i < MAX_CHANNELS; i++)
    if (channels[i].id != 0) drop(&channels[i]);
  while (listener_count > 0) close(listeners[--listener_count]);
}

void channels_listen(const struct frame *frame) {
  struct cursor cursor = cursor_of(frame);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  address.sin_port = htons(take_u16(&cursor));
  if (cursor.bad || listener_count == MAX_LISTENERS) {
    host_send_failed(frame->id, cursor.bad ? "Cannot listen: malformed request" : "Cannot listen: too many listeners");
    return;
  }
  int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
  socklen_t length = sizeof address;
  if (socket_fd < 0 || setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(socket_fd, (struct sockaddr *)&address, length) != 0 || listen(socket_fd, 64) != 0 ||
      getsockname(socket_fd, (struct sockaddr *)&address, &length) != 0) {
    char message[128];
    snprintf(message, sizeof message, "Cannot listen: %s", strerror(errno));
    if (socket_fd >= 0) close(socket_fd);
    host_send_failed(frame->id, message);
    return;
  }
  listeners[listener_count++] = socket_fd;
  uint16_t port = ntohs(address.sin_port);
  uint8_t bytes[2] = {(uint8_t)port, (uint8_t)(port >> 8)};
  host_send(LISTENING, frame->id, bytes, sizeof bytes);
}

static void on_connection(void *owner, int detail) {
  (void)owner;
  struct channel *channel = find_unused();
  if (channel == NULL || (unsigned)detail >= listener_count) return;
  int connection = accept4(listeners[detail], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), on = 1;
  if (connection < 0) return;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  do last_id++;
  while (last_id == 0 || find(last_id) != NULL);
  *channel = (struct channel){.id = last_id, .socket = connection, .credit = INITIAL_CREDIT, .granted = INITIAL_CREDIT};
  host_send(CHANNEL_OPEN, channel->id, NULL, 0);
}

/* ---- From the socket to the host ---- */

static void close_when_over(struct channel *channel) {
  if (channel->ended && channel->shut) close_and_tell(channel);
}

static void on_readable(void *owner, int detail) {
  (void)detail;
  struct channel *channel = owner;
  if (channel->id == 0 || channel->ended || channel->credit == 0 || !host_has_room()) return;
  size_t most = channel->credit < MAX_PAYLOAD ? (size_t)channel->credit : MAX_PAYLOAD;
  ssize_t got = read(channel->socket, host_open_frame(most), most);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) {
    close_and_tell(channel);
    return;
  }
  host_close_frame(CHANNEL_DATA, channel->id, (size_t)got);
  channel->credit -= (uint64_t)got;
  channel->ended = got == 0;
  close_when_over(channel);
}

/* ---- From the host to the socket ---- */

static void write_some(struct channel *channel) {
  while (channel->used > 0) {
    ssize_t wrote = write(channel->socket, channel->waiting + channel->start, channel->used);
    if (wrote < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (wrote < 0) {
      close_and_tell(channel);
      return;
    }
    channel->start += (size_t)wrote;
    channel->used -= (size_t)wrote;
    channel->owed += (uint32_t)wrote;
  }
  if (channel->owed >= CREDIT_STEP && !channel->host_ended) {
    host_send_u32(CHANNEL_CREDITED, channel->id, channel->owed);
    channel->granted += channel->owed;
    channel->owed = 0;
  }
  if (!channel->host_ended || channel->used > 0 || channel->shut) return;
  shutdown(channel->socket, SHUT_WR);
  channel->shut = true;
  close_when_over(channel);
}

static void on_writable(void *owner, int detail) {
  (void)detail;
  struct channel *channel = owner;
  if (channel->id != 0) write_some(channel);
}

void channels_data(const struct frame *frame) {
  struct channel *channel = find(frame->id);
  if (channel == NULL || channel->host_ended) return; /* it was closed meanwhile */
  if (channel->waiting == NULL && frame->length > 0) channel->waiting = malloc(INITIAL_CREDIT);
  if (frame->length > channel->granted || (frame->length > 0 && channel->waiting == NULL)) {
    close_and_tell(channel);
    return;
  }
  if (frame->length > 0) {
    if (channel->start + channel->used + frame->length > INITIAL_CREDIT) {
      memmove(channel->waiting, channel->waiting + channel->start, channel->used);
      channel->start = 0;
    }
    memcpy(channel->waiting + channel->start + channel->used, frame->payload, frame->length);
    channel->used += frame->length;
    channel->granted -= (uint32_t)frame->length;
  }
  channel->host_ended = frame->length == 0;
  write_some(channel);
}

void channels_credit(const struct frame *frame) {
  struct cursor cursor = cursor_of(frame);
  struct channel *channel = find(frame->id);
  uint32_t more = take_u32(&cursor);
  if (channel != NULL) channel->credit += more;
}

void channels_close(const struct frame *frame) {
  struct channel *channel = find(frame->id);
  if (channel != NULL) drop(channel);
}

void channels_poll(void) {
  for (unsigned i = 0; i < listener_count && find_unused() != NULL; i++)
    poller_add(listeners[i], POLLIN, on_connection, NULL, (int)i);
  bool room = host_has_room();
  for (unsigned i = 0; i < MAX_CHANNELS; i++) {
    struct channel *channel = &channels[i];
    if (channel->id == 0) continue;
    if (!channel->ended && channel->credit > 0 && room) poller_add(channel->socket, POLLIN, on_readable, channel, 0);
    if (channel->used > 0) poller_add(channel->socket, POLLOUT, on_writable, channel, 0);
  }
}

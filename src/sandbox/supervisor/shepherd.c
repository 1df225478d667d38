#define _GNU_SOURCE
#include "shepherd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oom-score.h"
#include "shepherd-main.h"

bool shepherd_start(struct shepherd *shepherd, const struct original *original) {
  int pair[2];
  /* Messages keep their boundaries, and are refused whole when the other side is gone. */
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return false;
  oom_score_raise();
  pid_t pid = fork();
  int error = errno;
  if (pid == 0) shepherd_main(pair[1], original);
  oom_score_restore();
  close(pair[1]);
  if (pid < 0) {
    close(pair[0]);
    errno = error;
    return false;
  }
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  *shepherd = (struct shepherd){pid, pair[0]};
  return true;
}

bool shepherd_send_request(const struct shepherd *shepherd, const uint8_t *payload, size_t length, const int *files,
                           int file_count) {
  char control[CMSG_SPACE(4 * sizeof(int))] __attribute__((aligned(8))) = {0};
  struct iovec bytes = {(void *)payload, length};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control,
                           .msg_controllen = CMSG_SPACE((size_t)file_count * sizeof(int))};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN((size_t)file_count * sizeof(int));
  memcpy(CMSG_DATA(header), files, (size_t)file_count * sizeof(int));
  return sendmsg(shepherd->socket, &message, MSG_NOSIGNAL) == (ssize_t)length;
}

void shepherd_send_order(const struct shepherd *shepherd, struct shepherd_order order) {
  if (shepherd->socket >= 0) send(shepherd->socket, &order, sizeof order, MSG_NOSIGNAL);
}

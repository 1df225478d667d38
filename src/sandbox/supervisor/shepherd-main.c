#define _GNU_SOURCE
#include "shepherd-main.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "processes.h"
#include "seccomp.h"
#include "shepherd.h"
#include "syscalls.h"

#define SOCKET 4 /* 0 to 3 are the command's */

static pid_t leader;
static bool leader_ended, childless, killing;
static uint64_t kill_at = NEVER; /* when SIGTERM was not enough */
static uint32_t left_over;       /* processes that had outlived the leader and were killed */
static struct shepherd_report report;

static void on_child(int signal) { (void)signal; }

static void send_report(int type) {
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  report.type = type;
  report.pid = leader;
  report.user_us = (uint64_t)usage.ru_utime.tv_sec * 1000000 + (uint64_t)usage.ru_utime.tv_usec;
  report.system_us = (uint64_t)usage.ru_stime.tv_sec * 1000000 + (uint64_t)usage.ru_stime.tv_usec;
  report.peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
  report.ended = left_over;
  send(SOCKET, &report, sizeof report, MSG_NOSIGNAL);
}

/* __WALL: also children that were made with another signal than SIGCHLD. */
static void reap(void) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
    if (WIFSTOPPED(status)) continue; /* it asked to be traced by its parent */
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (!killing && (killed || (WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGKILL))) report.lost_process = true;
    if (pid != leader || leader_ended) continue;
    leader_ended = true;
    report.status = status;
    report.ended_at_us = now_us();
    report.ended_by_us = killing;
  }
  childless = pid < 0 && errno == ECHILD;
  if (childless && leader_ended && !orphans_are_adopted())
    childless = signal_descendants(getpid(), leader, NULL, 0, 0) <= 0;
}

/* Every descendant whose parent is gone is a child of this process, so no child means no descendant. */
static void kill_all(void) {
  reap(); /* what has ended by itself is not to be counted as killed */
  killing = true;
  for (bool first = true; !childless; first = false) {
    int count = kill_descendants(getpid(), leader, NULL, 0);
    if (first && leader_ended && count > 0) left_over += (uint32_t)count;
    struct pollfd none = {-1, 0, 0};
    sigset_t open;
    sigemptyset(&open);
    ppoll(&none, 1, &(struct timespec){0, 5000000}, &open); /* until SIGCHLD, or 5 ms */
    reap();
  }
}

static void finish(void) {
  report.last = true;
  send_report(REPORT_DONE);
  _exit(0);
}

static void terminate(uint32_t grace_ms) {
  if (grace_ms == 0) {
    kill_at = 0;
    return;
  }
  reap();
  killing = true;
  kill_at = earlier(kill_at, now_ms() + grace_ms);
  signal_descendants(getpid(), leader, NULL, 0, SIGTERM);
  signal_descendants(getpid(), leader, NULL, 0, SIGCONT);
}

static void settle(uint32_t may_stay) {
  int count = signal_descendants(getpid(), leader, NULL, 0, 0);
  if (count > 0 && (uint32_t)count <= may_stay && !killing) {
    report.background = (uint32_t)count;
    send_report(REPORT_DONE);
    return;
  }
  kill_all();
  finish();
}

static void take_orders(void) {
  struct shepherd_order order;
  ssize_t got;
  while ((got = recv(SOCKET, &order, sizeof order, MSG_DONTWAIT)) == sizeof order) {
    if (order.type == ORDER_TERMINATE) terminate(order.value);
    if (order.type == ORDER_SETTLE) settle(order.value);
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  kill_all(); /* the supervisor is gone */
  _exit(0);
}

static void watch(void) {
  bool leader_told = false;
  sigset_t open;
  sigemptyset(&open);
  for (;;) {
    reap();
    if (leader_ended && childless) finish();
    if (leader_ended && !leader_told) send_report(REPORT_LEADER);
    leader_told = leader_ended;
    uint64_t now = now_ms();
    if (kill_at <= now) {
      kill_all();
      finish();
    }
    uint64_t wait_ms = kill_at == NEVER ? 0 : kill_at - now;
    struct timespec wait = {(time_t)(wait_ms / 1000), (long)(wait_ms % 1000) * 1000000};
    struct pollfd socket = {SOCKET, POLLIN, 0};
    if (ppoll(&socket, 1, kill_at == NEVER ? NULL : &wait, &open) > 0) take_orders();
  }
}

/* Descriptors 0 to 3 become those that came with the request. Its payload is written to `payload`. */
static ssize_t receive_request(uint8_t *payload) {
  char control[CMSG_SPACE(4 * sizeof(int))] __attribute__((aligned(8)));
  struct iovec bytes = {payload, MAX_PAYLOAD};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t got;
  do got = recvmsg(SOCKET, &message, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
  if (header == NULL || header->cmsg_type != SCM_RIGHTS) return -1;
  int files[4], count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  memcpy(files, CMSG_DATA(header), (size_t)count * sizeof(int));
  /* They are above SOCKET, since 0 to 4 are in use. */
  for (int i = 0; i < count; i++) dup2(files[i], i);
  for (int i = 0; i < count; i++) close(files[i]);
  return got;
}

/* Some sandboxes have not got close_range(). */
static void close_from(int first) {
  if (syscall(CALL_close_range, first, ~0u, 0) == 0) return;
  DIR *folder = opendir("/proc/self/fd");
  for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
    int fd = atoi(entry->d_name);
    if (fd >= first && fd != dirfd(folder)) close(fd);
  }
  if (folder != NULL) closedir(folder);
}

/* Nothing of the supervisor's stays open: a pipe's end held here would keep others from seeing its end. */
static void take_places(int socket) {
  int empty = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (empty < 0) empty = socket;
  int kept = fcntl(socket, F_DUPFD_CLOEXEC, SOCKET + 1);
  empty = fcntl(empty, F_DUPFD_CLOEXEC, SOCKET + 1);
  dup3(kept, SOCKET, O_CLOEXEC);
  for (int i = 0; i < SOCKET; i++) dup2(empty, i);
  close_from(SOCKET + 1);
}

_Noreturn void shepherd_main(int socket, const struct original *original) {
  static uint8_t payload[MAX_PAYLOAD];
  setsid();
  adopt_orphans();
  struct sigaction action = {.sa_handler = on_child};
  sigaction(SIGCHLD, &action, NULL);
  signal(SIGTERM, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  take_places(socket);
  pid_t self = getpid();
  if (!refuse_calls_against(&self, 1, NULL, 0)) _exit(1);

  ssize_t length = receive_request(payload);
  struct request request;
  if (length < 0 || request_decode(&request, payload, (size_t)length) != NULL) _exit(1);
  leader = command_start(&request, original, &report.failure);
  for (int i = 0; i < SOCKET; i++) close(i);
  if (report.failure.error != 0) {
    report.last = true;
    send_report(REPORT_FAILED);
    _exit(0);
  }
  send_report(REPORT_STARTED);
  watch();
  __builtin_unreachable();
}

/* The main process of a sandbox: runs commands for the host, which it talks to in frames (protocol.h). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channels.h"
#include "executions.h"
#include "host.h"
#include "landlock.h"
#include "launch.h"
#include "memory.h"
#include "oom-score.h"
#include "poller.h"
#include "privileges.h"

static volatile sig_atomic_t told_to_end;

static void on_child(int signal) { (void)signal; }
static void on_end(int signal) {
  (void)signal;
  told_to_end = 1;
}

/* Signals arrive only while the poller waits. */
static void handle_signals(void) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGINT);
  sigprocmask(SIG_SETMASK, &blocked, NULL);
  for (int number = 1; number < SIGRTMAX; number++) signal(number, SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  sigaction(SIGCHLD, &(struct sigaction){.sa_handler = on_child}, NULL);
  sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_end}, NULL);
  sigaction(SIGINT, &(struct sigaction){.sa_handler = on_end}, NULL);
}

static void serve(const struct host_options *options) {
  host_start(options);
  int reason = -1;
  while (reason < 0) {
    poller_clear();
    executions_reap();
    executions_tick();
    channels_poll();
    executions_poll();
    host_poll();
    /* The spare shepherd is made when there is nothing else to do. */
    poller_deadline(executions_prepare_at());
    if (poller_wait() == 0) executions_prepare();
    reason = told_to_end ? 0 : host_exit_reason();
  }
  if (reason != 0 && reason != HOST_NEVER_CAME) host_bye((uint8_t)reason);
  executions_end_all();
  if (reason == 0) host_bye(0);
  host_flush();
}

static long number(const char *text) {
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  return errno != 0 || *text == 0 || *end != 0 || value < 0 || value > 0x7fffffff ? -1 : value;
}

static int usage(void) {
  fputs("Usage: supervisor --stdio | --listen-fd N [--uid U --gid G] [--memory DIR] [--first-ms N]\n"
        "       supervisor launch --socket PATH [--cgroup DIR]… [--log FILE] -- argv…\n"
        "       supervisor --version\n", stderr);
  return 2;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "launch") == 0) return launch(argc - 1, argv + 1);
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    printf("opsthread supervisor, protocol %d\n", PROTOCOL_VERSION);
    return 0;
  }
  bool stdio = false;
  long listen_fd = -1, uid = -1, gid = -1, first_ms = 60000;
  const char *memory = NULL;
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    long parsed = number(value);
    if (strcmp(argv[i], "--stdio") == 0) {
      stdio = true;
      continue;
    }
    if (strcmp(argv[i], "--memory") == 0) memory = value;
    else if (parsed < 0) return usage();
    else if (strcmp(argv[i], "--listen-fd") == 0) listen_fd = parsed;
    else if (strcmp(argv[i], "--uid") == 0) uid = parsed;
    else if (strcmp(argv[i], "--gid") == 0) gid = parsed;
    else if (strcmp(argv[i], "--first-ms") == 0) first_ms = parsed;
    else return usage();
    i++;
  }
  if (stdio == (listen_fd >= 0) || (uid >= 0) != (gid >= 0)) return usage();

  while (open("/dev/null", O_RDWR) >= 0 && fcntl(3, F_GETFD) < 0) continue; /* 0 to 2 have to be something */
  struct original original;
  handle_signals();
  memory_open(memory);
  oom_score_open();
  if (!drop_privileges(uid, gid, &original)) {
    fprintf(stderr, "Cannot confine the supervisor: %s\n", strerror(errno));
    return 1;
  }
  landlock_enter();
  executions_init(&original);
  serve(&(struct host_options){(int)listen_fd, (uint64_t)first_ms});
  return 0;
}

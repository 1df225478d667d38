#define _GNU_SOURCE
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define INHERITED 3
#define MAX_CGROUPS 16

static int fail(const char *action, const char *object) {
  fprintf(stderr, "Cannot %s \"%s\": %s\n", action, object, strerror(errno));
  return 1;
}

static int listen_at(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return -1;
  mode_t mask = umask(0177);
  int bound = bind(listener, (struct sockaddr *)&address, sizeof address);
  umask(mask);
  return bound == 0 && listen(listener, 8) == 0 ? listener : -1;
}

static int enter(const char *cgroup) {
  char path[4096], pid[16];
  snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
  int length = snprintf(pid, sizeof pid, "%d", (int)getpid());
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t wrote = write(file, pid, (size_t)length);
  close(file);
  return wrote == length ? 0 : -1;
}

static int redirect(const char *log) {
  int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  int output = open(log, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (input < 0 || output < 0) return -1;
  return dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 ? -1 : 0;
}

int launch(int argc, char **argv) {
  const char *path = NULL, *log = "/dev/null", *cgroups[MAX_CGROUPS];
  int cgroup_count = 0, at = 1;
  for (; at + 1 < argc && strcmp(argv[at], "--") != 0; at += 2) {
    if (strcmp(argv[at], "--socket") == 0) path = argv[at + 1];
    else if (strcmp(argv[at], "--log") == 0) log = argv[at + 1];
    else if (strcmp(argv[at], "--cgroup") == 0 && cgroup_count < MAX_CGROUPS) cgroups[cgroup_count++] = argv[at + 1];
    else break;
  }
  if (path == NULL || at + 1 >= argc || strcmp(argv[at], "--") != 0) {
    fputs("Usage: supervisor launch --socket PATH [--cgroup DIR]… [--log FILE] -- argv…\n", stderr);
    return 2;
  }
  int listener = listen_at(path);
  if (listener < 0) return fail("listen at", path);
  for (int i = 0; i < cgroup_count; i++)
    if (enter(cgroups[i]) != 0) return fail("enter", cgroups[i]);
  setsid(); /* fails when it leads a group already, which is as good */
  if (redirect(log) != 0) return fail("open", log);
  if (listener == INHERITED ? fcntl(listener, F_SETFD, 0) < 0 : dup2(listener, INHERITED) < 0) return fail("pass on", path);
  execvp(argv[at + 1], argv + at + 1);
  return fail("execute", argv[at + 1]);
}

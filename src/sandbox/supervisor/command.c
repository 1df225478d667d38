#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "landlock.h"

#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * The child shares its parent's memory until it is another program (vfork): the parent waits, finds in `failure` what went
 * wrong, and none of it can be read by other commands, since the memory is that of a process which is not dumpable.
 */
static void fail(struct failure *failure, int error, const char *what) {
  failure->error = error;
  snprintf(failure->what, sizeof failure->what, "%s", what);
  _exit(127);
}

static bool set_limit(int resource, uint64_t value) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) return false;
  if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > value) limit.rlim_max = value;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(resource, &limit) == 0;
}

static void limit_resources(const struct request *request, const struct original *original, struct failure *failure) {
  bool well = set_limit(RLIMIT_CORE, 0) && setrlimit(RLIMIT_NOFILE, &original->open_files) == 0;
  if (request->file_bytes > 0) well = well && set_limit(RLIMIT_FSIZE, request->file_bytes);
  if (request->open_files > 0) well = well && set_limit(RLIMIT_NOFILE, request->open_files);
  if (request->processes > 0) well = well && set_limit(RLIMIT_NPROC, request->processes);
  if (request->address_bytes > 0) well = well && set_limit(RLIMIT_AS, request->address_bytes);
  if (!well) fail(failure, errno, "limits");
}

static const char *search_path(char *const *env) {
  for (; *env != NULL; env++)
    if (strncmp(*env, "PATH=", 5) == 0) return *env + 5;
  return USUAL_PATH;
}

/* As execvpe(), but with the PATH of `env`, and without running as a shell script what has no known format. */
static int execute(const struct request *request) {
  char *const *argv = request->argv.items, *const *env = request->env.items;
  const char *name = argv[0];
  if (strchr(name, '/') != NULL) {
    execve(name, argv, env);
    return errno;
  }
  int found = ENOENT;
  const char *at = search_path(env);
  for (;;) {
    size_t length = strcspn(at, ":");
    char path[4096];
    int written = length == 0 ? snprintf(path, sizeof path, "./%s", name)
                              : snprintf(path, sizeof path, "%.*s/%s", (int)length, at, name);
    if (written > 0 && (size_t)written < sizeof path) {
      execve(path, argv, env);
      if (errno == EACCES) found = EACCES;
      else if (errno != ENOENT && errno != ENOTDIR) return errno;
    }
    if (at[length] == 0) return found;
    at += length + 1;
  }
}

static void become(const struct request *request, const struct original *original, struct failure *failure) {
  setsid();
  if (request->flags & EXEC_TERMINAL && ioctl(1, TIOCSCTTY, 0) != 0) fail(failure, errno, "terminal");
  if (!(request->flags & EXEC_CONTROL)) close(3); /* what is above closes itself */
  umask(022);
  /* Handlers are reset by execve() itself, what is ignored is not. */
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (request->cwd[0] != 0 && chdir(request->cwd) != 0) fail(failure, errno, request->cwd);
  limit_resources(request, original, failure);
  const char *what = "landlock";
  int error = landlock_confine(request, &what);
  if (error != 0) fail(failure, error, what);
  error = execute(request);
  fail(failure, error, request->argv.items[0]);
}

pid_t command_start(const struct request *request, const struct original *original, struct failure *failure) {
  failure->error = 0;
  pid_t pid = vfork();
  if (pid == 0) become(request, original, failure);
  if (pid > 0) return pid;
  failure->error = errno;
  snprintf(failure->what, sizeof failure->what, "fork");
  return -1;
}

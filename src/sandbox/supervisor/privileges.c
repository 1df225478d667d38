#define _GNU_SOURCE
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "processes.h"
#include "seccomp.h"
#include "syscalls.h"

/* See capabilities(7). These need a capability themselves; without it there is nothing to be given up. */
static void bound_capabilities(void) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED, 0, 0, 0);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static bool drop_capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  return syscall(SYS_capset, &header, none) == 0;
}

static bool become_user(long uid, long gid) {
  gid_t group = (gid_t)gid;
  return setgroups(1, &group) == 0 && setresgid(group, group, group) == 0 &&
         setresuid((uid_t)uid, (uid_t)uid, (uid_t)uid) == 0;
}

/* The supervisor, pid 1 (docker-init, bwrap) and its parent, if that is another process that can be seen from here. */
static bool protect_self(void) {
  pid_t self = getpid(), parent = getppid();
  pid_t processes[3] = {1, self}, groups[3] = {1, getpgrp()};
  size_t process_count = 2, group_count = 2;
  if (parent > 1) processes[process_count++] = parent;
  if (parent > 1 && getpgid(parent) > 1) groups[group_count++] = getpgid(parent);
  return refuse_calls_against(processes, process_count, groups, group_count);
}

/* Without this limit each sandbox would run out of descriptors at some hundred streams. */
static void raise_open_files(struct original *original) {
  getrlimit(RLIMIT_NOFILE, &original->open_files);
  struct rlimit limit = original->open_files;
  limit.rlim_cur = limit.rlim_max < 8192 ? limit.rlim_max : 8192;
  if (limit.rlim_cur > original->open_files.rlim_cur) setrlimit(RLIMIT_NOFILE, &limit);
}

bool drop_privileges(long uid, long gid, struct original *original) {
  raise_open_files(original);
  bound_capabilities();
  if (uid >= 0 && !become_user(uid, gid)) return false;
  struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  /* Closes /proc/<pid>/{mem,fd,environ,…} and tracing to others of the same user. */
  adopt_orphans();
  return drop_capabilities() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && protect_self() && refuse_dangerous_calls();
}

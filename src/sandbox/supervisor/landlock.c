#define _GNU_SOURCE
#include "landlock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"
#include "syscalls.h"

/* linux/landlock.h, which distributions have in older versions. */
struct ruleset_attr {
  uint64_t access_fs, access_net, scoped;
};
struct __attribute__((packed)) path_attr {
  uint64_t access;
  int32_t place;
};
enum { RULE_PATH_BENEATH = 1, VERSION_FLAG = 1 };
enum { SCOPE_ABSTRACT_SOCKETS = 1, SCOPE_SIGNALS = 2 };

#define FS_EXECUTE (1u << 0)
#define FS_WRITE_FILE (1u << 1)
#define FS_READ_FILE (1u << 2)
#define FS_READ_DIR (1u << 3)
#define FS_MAKE_CHAR (1u << 6)
#define FS_MAKE_BLOCK (1u << 11)
#define FS_REFER (1u << 13)
#define FS_TRUNCATE (1u << 14)
#define FS_ALL ((1u << 15) - 1) /* as of version 3: with REFER and TRUNCATE, without IOCTL_DEV, which mounts already decide */
#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)
#define FS_READ (FS_EXECUTE | FS_READ_FILE | FS_READ_DIR)
#define FS_WRITE (FS_ALL & ~(FS_READ | FS_MAKE_CHAR | FS_MAKE_BLOCK))

static long version(void) {
  static long known = -2;
  if (known == -2) known = syscall(CALL_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
  return known;
}

/* Before version 3 truncate() could not be refused. */
bool landlock_files_work(void) { return version() >= 3; }
bool landlock_signals_work(void) { return version() >= 6; }

static int allow(int ruleset, int place, uint64_t access) {
  struct stat status;
  if (fstat(place, &status) != 0) return errno;
  if (!S_ISDIR(status.st_mode)) access &= FS_OF_FILES;
  struct path_attr attr = {access, place};
  return syscall(CALL_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &attr, 0) == 0 ? 0 : errno;
}

/* Everything below "/" but the two folders. A rule for "/" itself would hold for these, too, so "/" cannot be listed. */
static int allow_outside(int ruleset) {
  char buffer[4096] __attribute__((aligned(8)));
  int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = root < 0 ? errno : 0;
  long got;
  while (error == 0 && (got = syscall(SYS_getdents64, root, buffer, sizeof buffer)) > 0)
    for (long at = 0; at < got && error == 0;) {
      struct dirent64 *entry = (struct dirent64 *)(buffer + at);
      at += entry->d_reclen;
      const char *name = entry->d_name;
      if (!strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, "workspace") || !strcmp(name, "sources")) continue;
      int place = openat(root, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
      if (place < 0) continue; /* gone, or not ours to open */
      struct stat status;
      if (fstat(place, &status) == 0 && !S_ISLNK(status.st_mode)) error = allow(ruleset, place, FS_ALL);
      close(place);
    }
  if (root >= 0) close(root);
  return error;
}

/* A path that is not there is granted nothing: the grant is of a file, not of a name. */
static int allow_listed(int ruleset, const struct text_list *list, uint64_t access, const char **what) {
  for (uint32_t i = 0; i < list->count; i++) {
    int place = open_place(list->items[i]);
    if (place < 0 && errno == ENOENT) continue;
    int error = place < 0 ? errno : allow(ruleset, place, access);
    if (place >= 0) close(place);
    if (error != 0) {
      *what = list->items[i];
      return error;
    }
  }
  return 0;
}

/*
 * A domain that has anything to do with files takes away moving between folders, in all of its layers, unless each of them
 * grants it again.
 */
static int allow_moving(int ruleset) {
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int error = root < 0 ? errno : allow(ruleset, root, FS_REFER);
  if (root >= 0) close(root);
  return error;
}

/*
 * Puts the supervisor, and with it every command, into a domain of its own. A process of a domain may neither signal nor look into
 * one that is outside of it: the container's first process has the same user and holds the streams of the supervisor.
 * https://docs.kernel.org/userspace-api/landlock.html#ptrace-restrictions
 */
bool landlock_enter(void) {
  bool signals = landlock_signals_work();
  if (version() < 2) return false; /* moving could not be granted */
  struct ruleset_attr attr = {FS_REFER, 0, signals ? SCOPE_SIGNALS | SCOPE_ABSTRACT_SOCKETS : 0};
  int ruleset = (int)syscall(CALL_landlock_create_ruleset, &attr, signals ? sizeof attr : sizeof attr.access_fs, 0);
  if (ruleset < 0) return false;
  bool well = allow_moving(ruleset) == 0 && syscall(CALL_landlock_restrict_self, ruleset, 0) == 0;
  close(ruleset);
  return well;
}

int landlock_confine(const struct request *request, const char **what) {
  bool files = request->flags & EXEC_RESTRICT_FILES;
  /* A command that may leave processes behind may also end those that an earlier one left. What the filter of system calls
   * protects is protected either way. */
  bool signals = request->background == 0 && landlock_signals_work();
  if (!files && !signals) return 0;
  *what = "landlock";
  if (files && !landlock_files_work()) return ENOTSUP;
  struct ruleset_attr attr = {files ? FS_ALL : FS_REFER, 0, signals ? SCOPE_SIGNALS | SCOPE_ABSTRACT_SOCKETS : 0};
  /* Older kernels take only the fields that they know. */
  int ruleset = (int)syscall(CALL_landlock_create_ruleset, &attr, signals ? sizeof attr : sizeof attr.access_fs, 0);
  if (ruleset < 0) return errno;
  int error = files ? allow_outside(ruleset) : allow_moving(ruleset);
  if (error == 0 && files) error = allow_listed(ruleset, &request->readable, FS_READ, what);
  if (error == 0 && files) error = allow_listed(ruleset, &request->writable, FS_WRITE, what);
  if (error == 0 && syscall(CALL_landlock_restrict_self, ruleset, 0) != 0) error = errno;
  close(ruleset);
  return error;
}

#define _GNU_SOURCE
#include "paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Takes the next name off `path`; an empty one at its end. False: the name cannot be used. */
static bool next_name(const char **path, char name[NAME_MAX + 1]) {
  while (**path == '/') (*path)++;
  size_t length = strcspn(*path, "/");
  if (length > NAME_MAX) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(name, *path, length);
  name[length] = 0;
  *path += length;
  if (strcmp(name, "..") != 0) return true;
  errno = EINVAL;
  return false;
}

static int step_into(int folder, const char *name, bool create, int flags) {
  int next = openat(folder, name, flags);
  if (next < 0 && errno == ENOENT && create) {
    if (mkdirat(folder, name, 0700) != 0 && errno != EEXIST) return -1;
    next = openat(folder, name, flags);
  }
  return next;
}

static int walk(const char *path, bool create, int last_flags) {
  const int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  if (path[0] != '/') {
    errno = EINVAL;
    return -1;
  }
  int folder = open("/", folder_flags | O_PATH);
  while (folder >= 0) {
    char name[NAME_MAX + 1];
    int next = -1;
    if (next_name(&path, name)) {
      if (name[0] == 0) return folder;
      bool last = path[strspn(path, "/")] == 0;
      next = step_into(folder, name, create, last ? last_flags : folder_flags | O_PATH);
    }
    int error = errno;
    close(folder);
    errno = error;
    folder = next;
  }
  return -1;
}

int open_folder(const char *path, bool create) {
  return walk(path, create, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int open_place(const char *path) {
  int place = walk(path, false, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat status;
  /* O_PATH with O_NOFOLLOW opens the link itself. */
  if (place >= 0 && (fstat(place, &status) != 0 || S_ISLNK(status.st_mode))) {
    close(place);
    errno = ELOOP;
    return -1;
  }
  return place;
}

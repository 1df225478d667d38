#define _GNU_SOURCE
#include "spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.h"

/* A link is not followed, a FIFO does not block, and a file with a second name is not emptied: it may be something else's. */
int spill_open(const char *folder, const char *name) {
  if (name[0] == 0) return -1;
  int parent = open_folder(folder, true);
  if (parent < 0) return -1;
  int file = openat(parent, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
  close(parent);
  if (file < 0) return -1;
  struct stat status;
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 && ftruncate(file, 0) == 0) return file;
  close(file);
  return -1;
}

bool spill_write(int file, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    ssize_t wrote = write(file, bytes, length);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    bytes += wrote;
    length -= (size_t)wrote;
  }
  return true;
}

void spill_close(int file) { close(file); }

bool spill_name(char name[SPILL_NAME_BYTES], const char *id, const char *ending) {
  size_t used = 0;
  for (; *id != 0 && used + 4 < SPILL_NAME_BYTES; id++) {
    char c = *id;
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-_.!~*'()", c);
    if (plain) name[used++] = c;
    else used += (size_t)snprintf(name + used, 4, "%%%02X", (unsigned char)c);
  }
  if (*id == 0 && used + strlen(ending) < SPILL_NAME_BYTES) {
    strcpy(name + used, ending);
    return true;
  }
  name[0] = 0;
  return false;
}

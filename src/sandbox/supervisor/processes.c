#define _GNU_SOURCE
#include "processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* More than a sandbox may have. Were there more, the rest would be met in the next round. */
#define MAX_PROCESSES 65536

enum { UNKNOWN, INSIDE, OUTSIDE, ON_PATH };

static struct process {
  pid_t pid, parent;
  char state, place;
} table[MAX_PROCESSES];


/* From "pid (name) state ppid …"; the name may contain anything, also parentheses. */
static bool read_process(int proc, const char *name, struct process *process) {
  char path[32], text[512];
  size_t length = strlen(name);
  if (length > 10) return false;
  memcpy(path, name, length);
  memcpy(path + length, "/stat", 6);
  int file = openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t got = read(file, text, sizeof text - 1);
  close(file);
  if (got <= 0) return false;
  text[got] = 0;
  const char *after = strrchr(text, ')');
  if (after == NULL || after[1] == 0 || after[2] == 0 || after[3] == 0) return false;
  *process = (struct process){atoi(name), atoi(after + 4), after[2], UNKNOWN};
  return true;
}

/* Raw getdents64: opendir() allocates. */
static int read_processes(void) {
  static char buffer[32768] __attribute__((aligned(8)));
  int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) return -1;
  int count = 0;
  long got;
  while ((got = syscall(SYS_getdents64, proc, buffer, sizeof buffer)) > 0)
    for (long at = 0; at < got;) {
      struct dirent64 *entry = (struct dirent64 *)(buffer + at);
      at += entry->d_reclen;
      if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || count == MAX_PROCESSES) continue;
      if (read_process(proc, entry->d_name, &table[count])) count++;
    }
  close(proc);
  return got < 0 ? -1 : count;
}

static int by_pid(const void *left, const void *right) {
  pid_t a = ((const struct process *)left)->pid, b = ((const struct process *)right)->pid;
  return (a > b) - (a < b);
}

static struct process *find(pid_t pid, int count) {
  struct process key = {.pid = pid};
  return bsearch(&key, table, (size_t)count, sizeof key, by_pid);
}

/* Follows the parents of each process up to something known; everything passed on the way is then known, too. */
static void place_all(int count, pid_t root, const pid_t *spared, size_t spared_count) {
  for (size_t i = 0; i < spared_count; i++) {
    struct process *process = find(spared[i], count);
    if (process != NULL) process->place = OUTSIDE;
  }
  for (int i = 0; i < count; i++) {
    char place = OUTSIDE;
    for (struct process *at = &table[i]; at != NULL; at = find(at->parent, count)) {
      if (at->place == INSIDE || at->place == OUTSIDE) {
        place = at->place;
        break;
      }
      if (at->place == ON_PATH) break; /* a circle: two moments were read */
      at->place = ON_PATH;
      if (at->parent == root) {
        place = INSIDE;
        break;
      }
    }
    for (struct process *at = &table[i]; at != NULL && at->place == ON_PATH; at = find(at->parent, count))
      at->place = place;
  }
}

int signal_descendants(pid_t root, const pid_t *spared, size_t spared_count, int signal) {
  int count = read_processes(), living = 0;
  if (count < 0) return -1;
  qsort(table, (size_t)count, sizeof *table, by_pid);
  place_all(count, root, spared, spared_count);
  for (int i = 0; i < count; i++) {
    if (table[i].place != INSIDE || table[i].pid == root || table[i].state == 'Z' || table[i].state == 'X') continue;
    living++;
    if (signal != 0) kill(table[i].pid, signal);
  }
  return living;
}

int kill_descendants(pid_t root, const pid_t *spared, size_t spared_count) {
  int before = 0;
  for (int round = 0; round < 20; round++) {
    int now = signal_descendants(root, spared, spared_count, SIGSTOP);
    if (now <= before) break;
    before = now;
  }
  return signal_descendants(root, spared, spared_count, SIGKILL);
}

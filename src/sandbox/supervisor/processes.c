#define _GNU_SOURCE
#include "processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* More than a sandbox may have. Were there more, the rest would be met in the next round. */
#define MAX_PROCESSES 65536

enum { UNKNOWN, INSIDE, OUTSIDE, ON_PATH };

static struct process {
  pid_t pid, parent, session;
  char state, place;
} table[MAX_PROCESSES];


/* From "pid (name) state ppid pgrp session …"; the name may contain anything, also parentheses. */
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
  char *rest;
  pid_t parent = (pid_t)strtol(after + 4, &rest, 10);
  strtol(rest, &rest, 10);
  *process = (struct process){atoi(name), parent, (pid_t)strtol(rest, NULL, 10), after[2], UNKNOWN};
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

static bool adopted;

bool adopt_orphans(void) {
  adopted = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
  return adopted;
}

bool orphans_are_adopted(void) { return adopted; }

static int by_pid(const void *left, const void *right) {
  pid_t a = ((const struct process *)left)->pid, b = ((const struct process *)right)->pid;
  return (a > b) - (a < b);
}

static struct process *find(pid_t pid, int count) {
  struct process key = {.pid = pid};
  return bsearch(&key, table, (size_t)count, sizeof key, by_pid);
}

/* Follows the parents of each process up to something known; everything passed on the way is then known, too. */
static void place_all(int count, pid_t root, pid_t session, const pid_t *spared, size_t spared_count) {
  for (size_t i = 0; i < spared_count; i++) {
    struct process *process = find(spared[i], count);
    if (process != NULL) process->place = OUTSIDE;
  }
  for (int i = 0; i < count && session > 0 && !adopted; i++)
    if (table[i].session == session) table[i].place = INSIDE;
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

static int signal_inside(int count, pid_t root, int signal) {
  int living = 0;
  for (int i = 0; i < count; i++) {
    if (table[i].place != INSIDE || table[i].pid == root || table[i].state == 'Z' || table[i].state == 'X') continue;
    living++;
    if (signal != 0) kill(table[i].pid, signal);
  }
  return living;
}

int signal_descendants(pid_t root, pid_t session, const pid_t *spared, size_t spared_count, int signal) {
  int count = read_processes();
  if (count < 0) return -1;
  qsort(table, (size_t)count, sizeof *table, by_pid);
  place_all(count, root, session, spared, spared_count);
  return signal_inside(count, root, signal);
}

int kill_descendants(pid_t root, pid_t session, const pid_t *spared, size_t spared_count) {
  int before = 0;
  for (int round = 0; round < 20; round++) {
    int now = signal_descendants(root, session, spared, spared_count, SIGSTOP);
    if (now <= before) break;
    before = now;
  }
  return signal_descendants(root, session, spared, spared_count, SIGKILL);
}

int kill_strays(const pid_t *spared, size_t spared_count, const pid_t *sessions, size_t session_count) {
  int count = read_processes();
  if (count < 0) return -1;
  qsort(table, (size_t)count, sizeof *table, by_pid);
  pid_t self = getpid();
  for (int i = 0; i < count; i++) {
    bool spare = table[i].pid == 1 || table[i].pid == self;
    int depth = 0;
    for (struct process *at = &table[i]; at != NULL && !spare && depth < count; at = find(at->parent, count), depth++) {
      for (size_t k = 0; k < spared_count; k++) spare = spare || at->pid == spared[k];
      for (size_t k = 0; k < session_count; k++) spare = spare || at->session == sessions[k];
    }
    table[i].place = spare ? OUTSIDE : INSIDE;
  }
  return signal_inside(count, self, SIGKILL);
}

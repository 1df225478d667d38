/* What becomes of processes whose shepherd, or whose supervisor, ends before them. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "execution.h"
#include "executions.h"
#include "processes.h"

static bool orphans; /* processes without a shepherd may be there */

void executions_orphan(void) { orphans = true; }
bool executions_have_orphans(void) { return orphans; }

static size_t living_shepherds(pid_t shepherds[MAX_EXECUTIONS + 1]) {
  size_t count = 0;
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (executions[i].shepherd.pid > 0 && executions[i].shepherd.socket >= 0) shepherds[count++] = executions[i].shepherd.pid;
  if (execution_spare()->pid > 0) shepherds[count++] = execution_spare()->pid;
  return count;
}

/* Blocks for the moments that it takes; only on kernels that do not give orphans to shepherds. */
uint32_t executions_kill_strays(void) {
  if (orphans_are_adopted() || executions_running() > 1) return 0;
  pid_t shepherds[MAX_EXECUTIONS + 1], sessions[MAX_EXECUTIONS];
  size_t count = living_shepherds(shepherds), session_count = 0;
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (executions[i].shepherd.socket >= 0 && executions[i].report.pid > 0) sessions[session_count++] = executions[i].report.pid;
  int killed = 0;
  for (int round = 0; round < 200; round++) {
    int found = kill_strays(shepherds, count, sessions, session_count);
    if (round == 0) killed = found;
    if (found <= 0) break;
    usleep(2000);
  }
  return killed > 0 ? (uint32_t)killed : 0;
}

/* Whatever has lost its shepherd has been given to this process, and belongs to nobody: it is killed. */
void executions_kill_orphans(void) {
  if (!orphans) return;
  pid_t shepherds[MAX_EXECUTIONS + 1];
  size_t count = living_shepherds(shepherds);
  if (kill_descendants(getpid(), 0, shepherds, count) > 0) return;
  orphans = false;
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (executions[i].state == ORPHANED) execution_finish_lost(&executions[i]);
}

static struct shepherd *shepherd_of(pid_t pid, struct execution **execution) {
  *execution = NULL;
  if (execution_spare()->pid == pid) return execution_spare();
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (executions[i].state != UNUSED && executions[i].shepherd.pid == pid) {
      *execution = &executions[i];
      return &executions[i].shepherd;
    }
  return NULL;
}

void executions_reap(void) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL)) > 0) {
    struct execution *execution;
    struct shepherd *shepherd = shepherd_of(pid, &execution);
    if (shepherd == NULL) continue;
    if (WIFSTOPPED(status)) {
      kill(pid, SIGCONT); /* a shepherd that stands still would let its command run for ever */
      continue;
    }
    shepherd->pid = 0;
    if (execution == NULL) {
      close(shepherd->socket);
      shepherd->socket = -1;
      continue;
    }
    if (shepherd->socket >= 0) execution_on_report(execution, 0);
    executions_free_when_over(execution);
  }
}

void executions_end_all(void) {
  uint64_t began = now_ms();
  for (int i = 0; i < MAX_EXECUTIONS; i++)
    if (executions[i].state != UNUSED && executions[i].shepherd.socket >= 0) close(executions[i].shepherd.socket);
  if (execution_spare()->pid > 0) close(execution_spare()->socket);
  for (;;) {
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0) continue;
    if (pid < 0 && errno == ECHILD && (orphans_are_adopted() || kill_strays(NULL, 0, NULL, 0) <= 0)) return;
    uint64_t now = now_ms();
    if (now > began + 10000) return;
    if (now > began + 1000) kill_descendants(getpid(), 0, NULL, 0);
    usleep(1000);
  }
}

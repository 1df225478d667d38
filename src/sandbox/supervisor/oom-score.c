#include "oom-score.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int file = -1;
static char own[12] = "0", raised[12] = "500";

void oom_score_open(void) {
  file = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  char text[12] = "";
  if (pread(file, text, sizeof text - 1, 0) <= 0) return;
  int score = atoi(text);
  snprintf(own, sizeof own, "%d", score);
  snprintf(raised, sizeof raised, "%d", score > 500 ? 1000 : score + 500);
}

/* Where it cannot be set, the supervisor is as likely a choice as anything of its size. */
static void set(const char *score) {
  if (file >= 0 && pwrite(file, score, strlen(score), 0) < 0) return;
}

void oom_score_raise(void) { set(raised); }
void oom_score_restore(void) { set(own); }

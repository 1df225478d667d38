/* All executions, and what the host may ask about them. */
#ifndef OPSTHREAD_EXECUTIONS_H
#define OPSTHREAD_EXECUTIONS_H

#include "frames.h"
#include "command.h"

void executions_init(const struct original *original);

void executions_exec(const struct frame *frame);
void executions_stdin(const struct frame *frame);
void executions_credit(const struct frame *frame);
void executions_kill(const struct frame *frame);
void executions_list(const struct frame *frame);
void executions_adopt(const struct frame *frame);
void executions_release(const struct frame *frame);
void executions_resize(const struct frame *frame);

/* Those that run go on, without live output. */
void executions_host_lost(void);
/* How many have not ended. Processes that were left running do not count. */
unsigned executions_running(void);
/* When one has ended last, in milliseconds of now_ms(). */
uint64_t executions_last_end(void);
/* Adds what they wait for to the poller. */
void executions_poll(void);
/* What is due by time, and what there is room for. */
void executions_tick(void);
/* Collects children that have ended, and lets stopped shepherds go on. */
void executions_reap(void);
/* Makes the spare shepherd when there is none; and when that is to be tried. */
void executions_prepare(void);
uint64_t executions_prepare_at(void);
/* Kills all processes below the supervisor. Returns when there is none any more, or after some seconds. */
void executions_end_all(void);

#endif

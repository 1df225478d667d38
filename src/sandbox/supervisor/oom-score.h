/* Whom the kernel kills first when memory is over. https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html */
#ifndef OPSTHREAD_OOM_SCORE_H
#define OPSTHREAD_OOM_SCORE_H

/*
 * Children inherit the score. The file is opened once, at the start: it belongs to root as soon as the process is not dumpable. For the
 * same reason a shepherd cannot change its own, and has that of its command; being tiny, it is no likely choice.
 */
void oom_score_open(void);
void oom_score_raise(void);
void oom_score_restore(void);

#endif

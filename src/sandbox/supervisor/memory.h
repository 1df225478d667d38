/* How often the kernel has killed a process of this sandbox because its memory was over. */
#ifndef OPSTHREAD_MEMORY_H
#define OPSTHREAD_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* `folder` holds the files of the memory cgroup; null: where it usually is. */
void memory_open(const char *folder);
bool memory_known(void);
/* 0 where it is not known. */
uint64_t memory_kills(void);

#endif

/* Files in the workspace that take whole streams. The commands of the sandbox can do there whatever they like meanwhile. */
#ifndef OPSTHREAD_SPILL_H
#define OPSTHREAD_SPILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An empty file of its own, or -1. */
int spill_open(const char *folder, const char *name);
bool spill_write(int file, const uint8_t *bytes, size_t length);
void spill_close(int file);

#define SPILL_NAME_BYTES 256
/* <execution id, as by encodeURIComponent()><ending>. False: too long for a name. */
bool spill_name(char name[SPILL_NAME_BYTES], const char *id, const char *ending);

#endif

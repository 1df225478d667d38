/* What this sandbox offers; told in WELCOME. */
#ifndef OPSTHREAD_FEATURES_H
#define OPSTHREAD_FEATURES_H

#include <stdint.h>

uint32_t features(void);
/* The path of bash, else of sh, else "". */
const char *shell(void);

#endif

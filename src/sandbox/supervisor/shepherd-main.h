#ifndef OPSTHREAD_SHEPHERD_MAIN_H
#define OPSTHREAD_SHEPHERD_MAIN_H

#include "command.h"

/* All that a shepherd does, in the new process. */
_Noreturn void shepherd_main(int socket, const struct original *original);

#endif

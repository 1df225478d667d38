/* Opening paths that commands of the sandbox could have put links into. */
#ifndef OPSTHREAD_PATHS_H
#define OPSTHREAD_PATHS_H

#include <stdbool.h>

/*
 * Opens the folder at an absolute path without following a link anywhere on the way; `..` is refused. With `create` missing folders are
 * made. Returns -1 and sets errno (ELOOP or ENOTDIR for a link).
 */
int open_folder(const char *path, bool create);

/* Opens a file or folder as O_PATH, in the same way. */
int open_place(const char *path);

#endif

#ifndef OPSTHREAD_LAUNCH_H
#define OPSTHREAD_LAUNCH_H

/* `launch --socket PATH [--cgroup DIR]… [--log FILE] -- argv…`: listens at PATH, goes into the cgroups, and becomes argv, which inherits
 * the listening socket as descriptor 3. Returns only when that failed. */
int launch(int argc, char **argv);

#endif

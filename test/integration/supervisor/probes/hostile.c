/*
 * Tries everything that one process could do to another of the same user, to each pid that it is given, and to their groups. Prints what
 * was not refused: "<call> <pid>".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <linux/sockios.h>
#include <asm/sockios.h>
#include <unistd.h>

#define REFUSED(call) \
  do { \
    errno = 0; \
    long result = (long)(call); \
    if (result >= 0) printf("%s %d\n", #call, pid); \
  } while (0)

static int open_proc(pid_t pid, const char *name, int flags) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  return open(path, flags);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  for (int i = 1; i < argc; i++) {
    pid_t pid = atoi(argv[i]);
    siginfo_t info = {.si_code = SI_QUEUE, .si_signo = SIGKILL};
    struct rlimit limit = {0, 0};
    struct sched_param priority = {0};
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    char byte = 0;
    struct iovec local = {&byte, 1}, remote = {&byte, 1};
    int pair[2];
    if (pipe(pair) != 0) return 1;

    REFUSED(kill(pid, SIGSTOP));
    REFUSED(kill(pid, SIGKILL));
    REFUSED(kill(-pid, SIGKILL));
    REFUSED(kill(-1, SIGKILL));
    REFUSED(syscall(SYS_tkill, pid, SIGKILL));
    REFUSED(syscall(SYS_tgkill, pid, pid, SIGKILL));
    REFUSED(syscall(SYS_rt_sigqueueinfo, pid, SIGKILL, &info));
    REFUSED(syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGKILL, &info));
    REFUSED(syscall(434 /* pidfd_open */, pid, 0));
    int folder = open_proc(pid, "", O_RDONLY | O_DIRECTORY);
    if (folder >= 0) REFUSED(syscall(424 /* pidfd_send_signal */, folder, SIGKILL, NULL, 0));
    REFUSED(ptrace(PTRACE_ATTACH, pid, NULL, NULL));
    REFUSED(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
    REFUSED(prlimit(pid, RLIMIT_CPU, &limit, NULL));
    REFUSED(setpriority(PRIO_PROCESS, (id_t)pid, 19));
    REFUSED(setpriority(PRIO_PGRP, (id_t)pid, 19));
    REFUSED(setpriority(PRIO_USER, getuid(), 19));
    REFUSED(syscall(SYS_ioprio_set, 1, pid, 3 << 13));
    REFUSED(syscall(SYS_ioprio_set, 3, getuid(), 3 << 13));
    REFUSED(sched_setparam(pid, &priority));
    REFUSED(sched_setscheduler(pid, SCHED_IDLE, &priority));
    REFUSED(sched_setaffinity(pid, sizeof cpus, &cpus));
    REFUSED(process_vm_readv(pid, &local, 1, &remote, 1, 0));
    REFUSED(process_vm_writev(pid, &local, 1, &remote, 1, 0));
    REFUSED(fcntl(pair[0], F_SETOWN, pid));
    REFUSED(fcntl(pair[0], F_SETOWN, -pid));
    struct f_owner_ex owner = {F_OWNER_PID, pid};
    REFUSED(fcntl(pair[0], F_SETOWN_EX, &owner));
    REFUSED(ioctl(pair[0], FIOSETOWN, &pid));
    REFUSED(ioctl(pair[0], SIOCSPGRP, &pid));
    REFUSED(open_proc(pid, "fd/1", O_WRONLY));
    REFUSED(open_proc(pid, "mem", O_RDWR));
    REFUSED(open_proc(pid, "environ", O_RDONLY) >= 0 && getpid() != pid && pid != 1 ? 0 : -1);
    REFUSED(open_proc(pid, "oom_score_adj", O_WRONLY));
  }

  pid_t pid = 0;
  REFUSED(unshare(CLONE_NEWUSER));
  REFUSED(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
  REFUSED(syscall(435 /* clone3 */, NULL, 0));
  REFUSED(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL));
  REFUSED(syscall(SYS_setns, 0, 0));
  REFUSED(syscall(SYS_bpf, 0, NULL, 0));
  REFUSED(syscall(SYS_keyctl, 0, -3, 1));
  REFUSED(syscall(425 /* io_uring_setup */, 1, NULL));
  REFUSED(syscall(SYS_socket, 17 /* AF_PACKET */, 3, 0));
  REFUSED(syscall(SYS_socket, 40 /* AF_VSOCK */, 1, 0));
  REFUSED(syscall(SYS_socket, 38 /* AF_ALG */, 5, 0));
  REFUSED(syscall(SYS_socket, 2, 3 /* SOCK_RAW */, 1));
  REFUSED(syscall(SYS_socket, 2, 3 | 02000000, 1));
  REFUSED(ioctl(0, TIOCSTI, "x"));
  /* The kernel looks at half of this argument only. */
  REFUSED(syscall(SYS_ioctl, 0, 0x100000000ul | TIOCSTI, "x"));
  puts("done");
  return 0;
}

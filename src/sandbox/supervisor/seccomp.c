#define _GNU_SOURCE
#include "seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "syscalls.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "Only x86_64 and aarch64 are supported"
#endif

/* ---- A small assembler ---- */

#define MAX_CODE 1024

struct program {
  struct sock_filter code[MAX_CODE];
  unsigned short length;
};

#define REFUSE(error) (SECCOMP_RET_ERRNO | (error))
#define NUMBER offsetof(struct seccomp_data, nr)
/* The low half of an argument; both architectures are little endian. The kernel itself looks at no more than 32 bits of pids,
 * commands of ioctl and flags of clone. */
#define ARGUMENT(n) (offsetof(struct seccomp_data, args) + 8 * (n))

static void emit(struct program *program, uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
  program->code[program->length++] = (struct sock_filter){code, if_true, if_false, value};
}

static void load(struct program *program, uint32_t offset) { emit(program, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }
static void answer(struct program *program, uint32_t value) { emit(program, BPF_RET | BPF_K, value, 0, 0); }

/* if (loaded == value) return result */
static void answer_equal(struct program *program, uint32_t value, uint32_t result) {
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
  answer(program, result);
}

/* if (loaded & bits) return result */
static void answer_any_bit(struct program *program, uint32_t bits, uint32_t result) {
  emit(program, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
  answer(program, result);
}

/* A block that is run for one call only and has to end with an answer. Until then the number stays loaded. */
static unsigned short begin_call(struct program *program, uint32_t number) {
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 0);
  return (unsigned short)(program->length - 1);
}

static void end_call(struct program *program, unsigned short begin) {
  answer(program, SECCOMP_RET_ALLOW);
  program->code[begin].jf = (uint8_t)(program->length - begin - 1);
}

static void check_architecture(struct program *program) {
  load(program, offsetof(struct seccomp_data, arch));
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
  answer(program, SECCOMP_RET_KILL_PROCESS);
  load(program, NUMBER);
#ifdef __x86_64__
  /* x32 has numbers of its own for the same calls. */
  emit(program, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
  answer(program, REFUSE(ENOSYS));
#endif
}

static bool install(struct program *program) {
  struct sock_fprog filter = {program->length, program->code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

/* ---- What is dangerous ---- */

static const uint32_t refused[] = {
  /* mounts and roots */
  SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, CALL_open_tree, CALL_move_mount, CALL_fsopen, CALL_fsconfig,
  CALL_fsmount, CALL_fspick, CALL_mount_setattr, CALL_open_tree_attr, SYS_setns, SYS_swapon, SYS_swapoff, SYS_quotactl,
  CALL_quotactl_fd, SYS_acct,
  /* the kernel itself */
  SYS_bpf, SYS_perf_event_open, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot,
  SYS_syslog, SYS_add_key, SYS_request_key, SYS_keyctl, SYS_userfaultfd, SYS_fanotify_init, SYS_lookup_dcookie,
  SYS_nfsservctl, SYS_vhangup,
  /* clocks and names of the machine */
  SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_sethostname, SYS_setdomainname,
  /* files without a path */
  SYS_name_to_handle_at, SYS_open_by_handle_at,
  /* other processes, by ways that a filter cannot look into */
  CALL_pidfd_getfd, CALL_process_madvise, CALL_process_mrelease, SYS_kcmp,
#ifdef SYS_kexec_file_load
  SYS_kexec_file_load,
#endif
#ifdef __x86_64__
  SYS_iopl, SYS_ioperm, SYS_create_module, SYS_get_kernel_syms, SYS_query_module, SYS_uselib, SYS_ustat, SYS_sysfs,
  SYS__sysctl, SYS_modify_ldt,
#endif
};

/* Refused as if this kernel had not got them: programs then do it the older way, which can be filtered. clone3 has its flags in
 * memory. pidfd_send_signal also takes a descriptor of a folder /proc/<pid>, whose process cannot be seen here. */
static const uint32_t absent[] = {
  CALL_clone3, CALL_io_uring_setup, CALL_io_uring_enter, CALL_io_uring_register, CALL_pidfd_send_signal,
};

#define NEW_NAMESPACES 0x7e020000u /* CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET */
#define NEW_TIME_NAMESPACE 0x80u   /* in unshare only; part of the signal in clone */

static const uint32_t refused_ioctls[] = {
  0x5412, /* TIOCSTI: types into a terminal */
  0x541c, /* TIOCLINUX */
  0x8901, /* FIOSETOWN: whom a descriptor sends signals to, by pointer */
  0x8902, /* SIOCSPGRP: the same */
};

static void limit_sockets(struct program *program) {
  unsigned short call = begin_call(program, SYS_socket);
  load(program, ARGUMENT(0));
  answer_equal(program, 1 /* AF_UNIX */, SECCOMP_RET_ALLOW);
  /* getaddrinfo() and getifaddrs() ask the kernel by NETLINK_ROUTE. */
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, 16 /* AF_NETLINK */, 0, 3);
  load(program, ARGUMENT(2));
  answer_equal(program, 0 /* NETLINK_ROUTE */, SECCOMP_RET_ALLOW);
  load(program, ARGUMENT(0)); /* 16 or a family */
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, 2 /* AF_INET */, 2, 0);
  emit(program, BPF_JMP | BPF_JEQ | BPF_K, 10 /* AF_INET6 */, 1, 0);
  answer(program, REFUSE(EAFNOSUPPORT));
  load(program, ARGUMENT(1));
  emit(program, BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0);
  answer_equal(program, 1 /* SOCK_STREAM */, SECCOMP_RET_ALLOW);
  answer_equal(program, 2 /* SOCK_DGRAM */, SECCOMP_RET_ALLOW);
  answer(program, REFUSE(EPERM));
  end_call(program, call);
}

bool refuse_dangerous_calls(void) {
  static struct program program;
  check_architecture(&program);
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) answer_equal(&program, refused[i], REFUSE(EPERM));
  for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) answer_equal(&program, absent[i], REFUSE(ENOSYS));

  unsigned short call = begin_call(&program, SYS_clone);
  load(&program, ARGUMENT(0));
  answer_any_bit(&program, NEW_NAMESPACES, REFUSE(EPERM));
  end_call(&program, call);

  call = begin_call(&program, SYS_unshare);
  load(&program, ARGUMENT(0));
  answer_any_bit(&program, NEW_NAMESPACES | NEW_TIME_NAMESPACE, REFUSE(EPERM));
  end_call(&program, call);

  call = begin_call(&program, SYS_ioctl);
  load(&program, ARGUMENT(1));
  for (size_t i = 0; i < sizeof refused_ioctls / sizeof *refused_ioctls; i++)
    answer_equal(&program, refused_ioctls[i], REFUSE(EPERM));
  end_call(&program, call);

  /* Limits of other processes: the shepherd of a command to come has the same user, and its pid is not known yet. */
  call = begin_call(&program, SYS_prlimit64);
  load(&program, ARGUMENT(0));
  answer_equal(&program, 0 /* itself */, SECCOMP_RET_ALLOW);
  answer(&program, REFUSE(EPERM));
  end_call(&program, call);

  limit_sockets(&program);
  call = begin_call(&program, SYS_socketpair);
  load(&program, ARGUMENT(0));
  answer_equal(&program, 1 /* AF_UNIX */, SECCOMP_RET_ALLOW);
  answer(&program, REFUSE(EAFNOSUPPORT));
  end_call(&program, call);

  answer(&program, SECCOMP_RET_ALLOW);
  return install(&program);
}

/* ---- Calls against a process ---- */

struct target {
  uint32_t number;
  uint8_t argument;
};

/* Calls with a process id in an argument. */
static const struct target process_calls[] = {
  {SYS_tkill, 0}, {SYS_tgkill, 0}, {SYS_tgkill, 1}, {SYS_rt_sigqueueinfo, 0}, {SYS_rt_tgsigqueueinfo, 0},
  {SYS_rt_tgsigqueueinfo, 1}, {SYS_ptrace, 1}, {SYS_prlimit64, 0}, {SYS_sched_setparam, 0},
  {SYS_sched_setscheduler, 0}, {SYS_sched_setaffinity, 0}, {SYS_sched_setattr, 0}, {SYS_migrate_pages, 0},
  {SYS_move_pages, 0}, {SYS_process_vm_readv, 0}, {SYS_process_vm_writev, 0}, {CALL_pidfd_open, 0},
};

#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define F_SETOWN 8
#define F_SETOWN_EX 15

static void refuse_each(struct program *program, const pid_t *pids, size_t count, int sign) {
  for (size_t i = 0; i < count; i++) answer_equal(program, (uint32_t)(sign * pids[i]), REFUSE(EPERM));
}

/* (which, who, …): `base` is which for a process; a group is base + 1, a user base + 2. */
static void limit_priority_call(struct program *program, uint32_t number, uint32_t base, const pid_t *processes,
                                size_t process_count, const pid_t *groups, size_t group_count) {
  unsigned short call = begin_call(program, number);
  load(program, ARGUMENT(0));
  answer_equal(program, base + 2, REFUSE(EPERM));
  load(program, ARGUMENT(1));
  refuse_each(program, processes, process_count, 1);
  refuse_each(program, groups, group_count, 1);
  end_call(program, call);
}

bool refuse_calls_against(const pid_t *processes, size_t process_count, const pid_t *groups, size_t group_count) {
  static struct program program;
  program.length = 0;
  check_architecture(&program);
  for (size_t i = 0; i < sizeof process_calls / sizeof *process_calls; i++) {
    /* Calls with two such arguments are neighbours in the table and share a block. */
    unsigned short call = begin_call(&program, process_calls[i].number);
    for (;;) {
      load(&program, ARGUMENT(process_calls[i].argument));
      refuse_each(&program, processes, process_count, 1);
      if (i + 1 == sizeof process_calls / sizeof *process_calls) break;
      if (process_calls[i + 1].number != process_calls[i].number) break;
      i++;
    }
    end_call(&program, call);
  }

  unsigned short call = begin_call(&program, SYS_kill);
  load(&program, ARGUMENT(0));
  answer_equal(&program, (uint32_t)-1, REFUSE(EPERM)); /* everybody */
  refuse_each(&program, processes, process_count, 1);
  refuse_each(&program, processes, process_count, -1);
  refuse_each(&program, groups, group_count, -1);
  end_call(&program, call);

  /* Who gets the signals of a descriptor. F_SETOWN_EX has it in memory. */
  call = begin_call(&program, SYS_fcntl);
  load(&program, ARGUMENT(1));
  answer_equal(&program, F_SETOWN_EX, REFUSE(EPERM));
  emit(&program, BPF_JMP | BPF_JEQ | BPF_K, F_SETOWN, 1, 0);
  answer(&program, SECCOMP_RET_ALLOW);
  load(&program, ARGUMENT(2));
  answer_equal(&program, (uint32_t)-1, REFUSE(EPERM));
  refuse_each(&program, processes, process_count, 1);
  refuse_each(&program, processes, process_count, -1);
  refuse_each(&program, groups, group_count, -1);
  end_call(&program, call);

  limit_priority_call(&program, SYS_setpriority, PRIO_PROCESS, processes, process_count, groups, group_count);
  limit_priority_call(&program, SYS_ioprio_set, PRIO_PGRP, processes, process_count, groups, group_count);
  answer(&program, SECCOMP_RET_ALLOW);
  return install(&program);
}

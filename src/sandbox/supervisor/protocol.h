/*
 * The protocol between the host and the supervisor, version 1. protocol.ts is the same for the host side.
 *
 * Both sides send frames. All numbers are little endian.
 *
 *   u16 magic   FRAME_MAGIC
 *   u8  type
 *   u8  zero
 *   u32 id      what it is about: a handle of an execution (chosen by the host), a request, or a channel
 *   u32 length  of the payload, at most MAX_PAYLOAD
 *   u32 crc32   (zlib's) of the twelve bytes before and of the payload
 *
 * In a payload, `str` is u32 length and that many bytes, `list` is u32 count and that many str.
 *
 * A stream begins with SYNC_MARK, sent by each side before its first frame (HELLO, WELCOME). A receiver that has not seen
 * the mark yet, or finds a wrong magic, length or checksum, discards bytes until it sees the mark. So a new host can take over a
 * stream in the middle of a frame of its dead predecessor: it sends MAX_PAYLOAD + HEADER_BYTES zero bytes, the mark, and
 * HELLO, and itself waits for the mark and for a WELCOME with its own nonce.
 */
#ifndef OPSTHREAD_PROTOCOL_H
#define OPSTHREAD_PROTOCOL_H

#define PROTOCOL_VERSION 1
#define FRAME_MAGIC 0x544f
#define HEADER_BYTES 16
#define MAX_PAYLOAD 65536
#define SYNC_MARK "\xf0OPSTHREAD-SYNC\xf1" /* 16 bytes */

enum host_frame {
  HELLO = 1,    /* u32 version, 16 bytes nonce, u32 graceMs, u32 idleMs (0: never), u32 lifetimeMs (0: never) */
  PING = 2,     /* any payload, comes back in PONG. Hosts send one every few seconds: silence for graceMs means gone */
  EXEC = 3,     /* see below; id is a new handle, not 0 */
  STDIN = 4,    /* bytes for the command; none: end of file. Only as many as STDIN_CREDIT allowed */
  CREDIT = 5,   /* u8 stream, u32 bytes: so many more live bytes of this stream may be sent */
  KILL = 6,     /* u8 reason (0 stopped, 1 limit), u32 graceMs between SIGTERM and SIGKILL (0: SIGKILL at once), str limit */
  LIST = 7,     /* id is the request */
  ADOPT = 8,    /* str execution id; id is the request */
  RELEASE = 9,  /* the RESULT of this handle has been received and may be forgotten */
  END = 10,     /* 16 bytes nonce of the HELLO: kills everything, says BYE, exits. Without effect from a host in whose place another is */
  LISTEN = 11,  /* u16 port on 127.0.0.1 (0: any); id is the request */
  RESIZE = 12,  /* u16 columns, u16 rows */
  H_CHANNEL_DATA = 13,   /* id is the channel; no payload: end of file */
  H_CHANNEL_CREDIT = 14, /* u32 bytes */
  H_CHANNEL_CLOSE = 15,  /* forgets the channel at once */
};

enum supervisor_frame {
  WELCOME = 128, /* u32 version, 16 bytes nonce of the HELLO, u32 features, str shell (path of bash or sh, or empty) */
  PONG = 129,
  STARTED = 130,  /* u32 pid inside the sandbox */
  OUTPUT = 131,   /* u8 stream, bytes: live output */
  STDIN_CREDIT = 132, /* u32 bytes */
  CAPTURED = 133, /* u8 stream, u8 part (0 head, 1 tail), bytes; any number of them, before RESULT */
  RESULT = 134,   /* see below */
  ADOPTED = 135,  /* u8 found, u32 handle, u8 ended. CAPTURED and RESULT of the handle follow, at once or when it ends */
  LISTED = 136,   /* u32 count, then for each: u32 handle, str execution id, u8 ended, u64 age in ms */
  LISTENING = 137,/* u16 port */
  CHANNEL_OPEN = 138,  /* id is a new channel: somebody connected to the listening port. Both sides start with CHANNEL_CREDIT bytes */
  CHANNEL_DATA = 139,
  CHANNEL_CREDITED = 140, /* u32 bytes */
  CHANNEL_CLOSE = 141,
  FAILED = 142,   /* str message: the frame with this id could not be acted on */
  BYE = 143,      /* u8 reason (0 asked to, 1 grace over, 2 idle, 3 lifetime over) */
};

#define INITIAL_CREDIT 262144 /* stdin, and each direction of a channel */

/* CLOSED_STREAM: commands cannot open the supervisor's own connection by /proc/<pid>/fd, and so speak in its name. */
enum feature { LANDLOCK_FILES = 1, LANDLOCK_SIGNALS = 2, SECCOMP = 4, MEMORY_COUNTER = 8, TERMINAL = 16, CLOSED_STREAM = 32 };

enum stream { STDOUT_STREAM = 1, STDERR_STREAM = 2, CONTROL_STREAM = 3 };

/*
 * EXEC: str execution id, u32 flags, str cwd, list argv, list env, u32 timeoutMs (0: none), u32 graceMs (between SIGTERM and SIGKILL
 * when time is up), u32 captureBytes (kept of the head, and again of the tail, of stdout and stderr each), u64 outputBytes (of stdout and
 * stderr together, then it is ended: limit "outputBytes"; 0: none), u64 fileBytes (RLIMIT_FSIZE; 0: none), u64 addressBytes
 * (RLIMIT_AS; 0: none), u32 openFiles (0: as it is), u32 processes (RLIMIT_NPROC; 0: as it is), u32 background (descendants that may stay when
 * the command has ended), u32 liveBytes (initial credit of each live stream), u16 columns, u16 rows, str spillFolder (empty: no spill),
 * list readable, list writable (paths; used with RESTRICT_FILES).
 *
 * argv[0] without a slash is looked for in PATH of env. stdout and stderr over captureBytes are also written, whole, to
 * <spillFolder>/<execution id, percent-encoded as by encodeURIComponent()>.stdout and .stderr. The head is the first captureBytes, the
 * tail the last captureBytes of what comes after it.
 *
 * Refused with FAILED: an execution id of more than 128 bytes or of an execution that is known still (unless it is empty), a handle that is
 * in use, captureBytes over 16 MiB, no program, a NUL in a text.
 */
enum exec_flag {
  EXEC_TERMINAL = 1,       /* a pseudo terminal; everything is stdout */
  EXEC_STDIN = 2,          /* stdin is what STDIN frames carry; else it is empty */
  EXEC_CONTROL = 4,        /* file descriptor 3 is the control stream: always live, never captured or counted */
  EXEC_LIVE = 8,           /* stdout and stderr are live, too */
  EXEC_RESTRICT_FILES = 16 /* Landlock: of /workspace and /sources only what the lists name */
};

/*
 * RESULT: str execution id, u8 kind, u32 code (exit code, signal number, or errno of FAILED_EXEC; of other kinds the exit code, or 128 + the
 * signal, that the command ended with), str detail (name of the limit, what could not be
 * executed), u64 wallUs, u64 userUs, u64 systemUs, u64 peakBytes (largest process), u32 background (processes left running), u32 ended (processes
 * that were left over and killed), then for stdout and stderr: u64 bytes, u8 spill (0 none, 1 whole, 2 broken off).
 */
enum result_kind {
  RESULT_EXIT = 0,
  RESULT_SIGNAL = 1,
  RESULT_TIMEOUT = 2,
  RESULT_OUT_OF_MEMORY = 3,
  RESULT_STOPPED = 4,
  RESULT_LIMIT = 5,
  RESULT_FAILED_EXEC = 6,
  RESULT_LOST = 7
};

#endif

import { z } from "zod";

const bytes = z.number().int().positive();
const milliseconds = z.number().int().positive();
const count = z.number().int().positive();

/** What a sandbox may do, Deno-style: nothing that is not granted. A driver refuses a grant that it cannot keep. */
export const Permissions = z.object({
  /** Sandbox paths that may be read. */
  read: z.array(z.string()).readonly().default(["/workspace", "/sources"]),
  /** Sandbox paths that may be written. */
  write: z.array(z.string()).readonly().default(["/workspace"]),
  /** `host:port` that may be reached; `*.example.com:443` means every name below example.com. */
  net: z.array(z.string()).readonly().default([]),
  /** Names of configured secrets. The proxy adds them to requests to their own hosts; they never enter the sandbox. */
  secrets: z.array(z.string()).readonly().default([]),
  /** Environment variables that commands see, besides PATH, HOME and the like. Never secrets. */
  env: z.record(z.string(), z.string()).readonly().default({}),
});
export type Permissions = z.infer<typeof Permissions>;

/** What a sandbox may use. Every driver enforces each, or says in its limitations that it can't. */
export const Limits = z.object({
  /** Wall time of one command. */
  commandMs: milliseconds.default(60_000),
  /** Wall time of one task. */
  taskMs: milliseconds.default(15 * 60_000),
  /** Memory of everything that runs in the sandbox. */
  memoryBytes: bytes.default(512 * 1024 * 1024),
  /** One file that a command or the harness writes. */
  fileBytes: bytes.default(2 * 1024 * 1024 * 1024),
  /** All files of the workspace. */
  workspaceBytes: bytes.default(4 * 1024 * 1024 * 1024),
  /** What one command may print on stdout and stderr together before it is ended. */
  outputBytes: bytes.default(64 * 1024 * 1024),
  /** What of one stream is shown, half from its head and half from its tail. */
  shownBytes: bytes.default(16 * 1024),
  /** Cores that everything in the sandbox shares; 0.5 is half of one. */
  cpus: z.number().positive().default(1),
  /** Processes and threads at once. */
  pids: count.default(128),
  /** Files that one process may hold open. */
  openFiles: count.default(1_024),
  /** Processes that may go on after the command that started them has ended. */
  backgroundProcesses: z.number().int().nonnegative().default(8),
  /** `/tmp`, which lies in memory and counts as such. */
  tmpBytes: bytes.default(64 * 1024 * 1024),
  /** A sandbox in which nothing has run for so long ends; its workspace stays. */
  idleMs: milliseconds.default(10 * 60_000),
  /** A sandbox ends after this time, whatever it does. */
  lifetimeMs: milliseconds.default(24 * 60 * 60_000),
  /** How long what runs goes on when the process that started it is gone and nobody has come back for it. */
  graceMs: milliseconds.default(60_000),
});
export type Limits = z.infer<typeof Limits>;

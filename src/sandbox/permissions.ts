import { z } from "zod";

const bytes = z.number().int().positive();
const milliseconds = z.number().int().positive();

/** What a sandbox may do, Deno-style: nothing that is not granted. A driver refuses a grant that it cannot keep. */
export const Permissions = z.object({
  /** Sandbox paths that may be read. */
  read: z.array(z.string()).readonly().default(["/workspace", "/sources"]),
  /** Sandbox paths that may be written. */
  write: z.array(z.string()).readonly().default(["/workspace"]),
  /** `host:port` that may be reached. */
  net: z.array(z.string()).readonly().default([]),
  /** Environment variables that commands see, besides PATH, HOME and LANG. Never secrets. */
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
});
export type Limits = z.infer<typeof Limits>;

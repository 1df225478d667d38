import type { Measures } from "../core/tool-result.ts";
import type { Limits, Permissions } from "./permissions.ts";

/** Opens sandboxes of one kind. A driver is a factory that returns this. */
export interface SandboxProvider extends AsyncDisposable {
  readonly name: string;
  readonly capabilities: SandboxCapabilities;
  /** Opens the sandbox of a session. Its workspace is what earlier sandboxes of the session left there. */
  open(spec: SandboxSpec, options: { readonly signal: AbortSignal }): Promise<Sandbox>;
  /** Removes a session's workspace and its snapshots for good. */
  remove(sessionId: string): Promise<void>;
  /** Checkpoints of workspaces, where the driver keeps such. */
  readonly snapshots?: WorkspaceSnapshots;
  /** Workspaces as streams, where the driver can give and take such. */
  readonly checkpoints?: WorkspaceCheckpoints;
}

/** Workspaces as archives, kept outside of this machine: what a session goes on from on another one. */
export interface WorkspaceCheckpoints {
  /**
   * Gives the workspace as it is now to `keep`. Without one, or when nothing has changed since it had the fingerprint `since`,
   * `keep` is not called and there is no result.
   */
  save(
    sessionId: string,
    keep: (archive: AsyncIterable<Uint8Array>) => Promise<void>,
    options: { readonly since?: string | undefined; readonly signal: AbortSignal },
  ): Promise<{ readonly fingerprint: string } | undefined>;
  /**
   * Makes the workspace what an archive holds, all at once; what was there stays when the archive can't be read to its end.
   * @throws {OpsthreadError} `SANDBOX_BUSY` while a sandbox has it open, `SANDBOX_ARCHIVE_REFUSED`
   */
  load(
    sessionId: string,
    archive: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}

/** Checkpoints of workspaces. A crash in the middle of any of these leaves what was there before. */
export interface WorkspaceSnapshots {
  /** Keeps the workspace as it is now. Undefined when nothing has changed since the last one. */
  take(sessionId: string, options: { readonly signal: AbortSignal }): Promise<Snapshot | undefined>;
  /** Oldest first. */
  list(sessionId: string): Promise<readonly Snapshot[]>;
  /**
   * Makes the workspace what it was. No sandbox of the session may be open.
   * @throws {OpsthreadError} `SNAPSHOT_NOT_FOUND`, `SANDBOX_BUSY`
   */
  restore(
    sessionId: string,
    snapshotId: string,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
  /** Gives `to`, which must have no workspace, a copy of the workspace of `from`. */
  fork(from: string, to: string, options: { readonly signal: AbortSignal }): Promise<void>;
}

export interface Snapshot {
  readonly id: string;
  readonly takenAt: number;
  /** What it takes on disk. Of an image, what its files take: most of that it shares with the workspace. */
  readonly bytes: number;
  /** `image`: a clone of the workspace's file system, which can be restored where such are mounted. */
  readonly form: "tar.zst" | "tar.gz" | "image";
}

/** What a driver can and cannot do. Told at start, in each session and to the model. */
export interface SandboxCapabilities {
  /** - `interpreter`: no kernel boundary, no real programs; - `namespaces`: shares the kernel; - `vm`: own kernel. */
  readonly isolation: "interpreter" | "namespaces" | "container" | "vm";
  readonly realPrograms: boolean;
  readonly network: boolean;
  /** A running command can be found again by its execution id after this process ended. */
  readonly reattach: boolean;
  /** CPU time and peak memory of a command are measured. */
  readonly measuresUse: boolean;
  /** One plain sentence per thing that it cannot do, for people and for the model. */
  readonly limitations: readonly string[];
}

export interface SandboxSpec {
  readonly sessionId: string;
  readonly permissions: Permissions;
  readonly limits: Limits;
  /** Host folders shown read-only at `/sources/<name>`. */
  readonly sources: readonly SourceMount[];
  /** Image that it starts from, for drivers that have images. Default: the driver's own. */
  readonly image?: string;
}

export interface SourceMount {
  readonly name: string;
  readonly hostPath: string;
  /** Globs relative to `hostPath`; files that match none are not there. Default: every file. */
  readonly include?: readonly string[];
}

/**
 * The isolated environment of one session. Inside, the session's files are at `/workspace`, which persists across
 * turns, and sources at `/sources/<name>`. Paths given to `files` and `task` are relative to `/workspace`,
 * or absolute inside the sandbox. Nothing in it reaches the host's files, environment or network unless granted.
 */
export interface Sandbox extends AsyncDisposable {
  readonly sessionId: string;
  /** Whether its environment runs. One that was lost or has ended by itself is started anew by the next command. */
  readonly isAlive: boolean;
  /**
   * Runs a shell command to its end. A non-zero exit, a time-out or a kill is a result, not an error. When `signal`
   * aborts, every process of the command is dead before the promise settles, with the outcome `stopped`. Only where
   * `capabilities.reattach` holds and the reason is `Stopped` by `shutdown` or `lease-lost`, the command goes on
   * for whoever attaches to it next, and the promise rejects with that reason.
   * @throws {OpsthreadError} `SANDBOX_CLOSED`, `SANDBOX_LOST`
   */
  exec(command: string, options: ExecOptions): Promise<ExecResult>;
  /**
   * Finds a command that an earlier process started under this execution id, and waits for its end.
   * Undefined when it is not there (any more), or the driver cannot (`capabilities.reattach`).
   */
  attach(
    executionId: string,
    options: { readonly signal: AbortSignal },
  ): Promise<ExecResult | undefined>;
  /** Commands that run, or have ended and were not asked for yet. */
  executions(): Promise<readonly Execution[]>;
  /** Runs a task's program on the sandbox's files, under the sandbox's limits. */
  task(program: TaskProgram, options: TaskOptions): Promise<TaskRun>;
  readonly files: SandboxFiles;
  usage(): Promise<SandboxUsage>;
  /**
   * Lets go of the sandbox without ending what runs, for whoever opens the session's sandbox next within
   * `limits.graceMs`. The same as `close()` where `capabilities.reattach` does not hold.
   */
  detach(): Promise<void>;
  /** Ends everything that runs and frees what the sandbox holds. The workspace stays. */
  close(): Promise<void>;
}

export interface Execution {
  readonly executionId: string;
  readonly state: "running" | "ended";
  /** How long ago it started, milliseconds. */
  readonly ageMs: number;
}

export interface SandboxUsage {
  /** What the workspace takes, as far as it is known, and what it may take. */
  readonly workspaceBytes: number;
  readonly workspaceLimitBytes: number;
  /** - `filesystem`: the kernel refuses what is too much; - `watched`: a writer is ended soon after. */
  readonly quota: "filesystem" | "watched";
}

export interface ExecOptions {
  readonly signal: AbortSignal;
  /** The same work has the same id each time it is tried. */
  readonly executionId: string;
  /** Default `/workspace`. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /**
   * A stream is read as fast as the command reads, and let go of when it has ended; one that fails ends the command, and the
   * promise rejects with its error. What is attached to later gets no more of it. Refused where there are no real programs.
   */
  readonly stdin?: string | AsyncIterable<Uint8Array>;
  /**
   * It is talked to, by a streamed `stdin` and `onOutput`, rather than waited for: it may run for `limits.lifetimeMs`, and
   * nothing of its output is kept or shown. What an earlier process left running under its id is ended first.
   */
  readonly isService?: boolean;
  /** Told of output as it comes, where the driver can. A promise holds the command back until it resolves. */
  readonly onOutput?: (stream: "stdout" | "stderr", bytes: Uint8Array) => void | Promise<void>;
  /** Gives the command a terminal of this size, where the driver can; stderr is then part of stdout. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** At most `limits.commandMs`, which is the default. */
  readonly timeoutMs?: number;
  /** Bytes of each of stdout and stderr that the result shows; default `limits.shownBytes`. */
  readonly shownBytes?: number;
}

export interface ExecResult {
  readonly outcome: Outcome;
  readonly stdout: Captured;
  readonly stderr: Captured;
  readonly measures: Measures;
  /** Processes that the command left running, which go on until the sandbox is closed. Absent for none. */
  readonly background?: number;
}

/** How something that ran ended. Never `exit` for something that still runs. */
export type Outcome =
  | { readonly type: "exit"; readonly code: number }
  | { readonly type: "signal"; readonly signal: string }
  | { readonly type: "timeout"; readonly limitMs: number }
  | { readonly type: "out-of-memory"; readonly limitBytes: number }
  /** Another limit ended it, such as the output or file size; `limit` says which. */
  | { readonly type: "limit"; readonly limit: string }
  | { readonly type: "stopped" }
  | { readonly type: "lost"; readonly reason: string };

/** What of the outcome goes into the measures. */
export function outcomeMeasures(outcome: Outcome): Measures {
  switch (outcome.type) {
    case "exit":
      return { exitCode: outcome.code };
    case "signal":
      return { signal: outcome.signal };
    case "timeout":
      return { timedOutAfterMs: outcome.limitMs };
    case "out-of-memory":
      return { outOfMemoryAtBytes: outcome.limitBytes };
    case "limit":
    case "stopped":
    case "lost":
      return {};
  }
}

/** Output, shown as head and tail when there was more than the cap. */
export interface Captured {
  readonly text: string;
  /** Bytes produced. */
  readonly bytes: number;
  /** Where in the workspace all of it lies, when `text` is not all. */
  readonly file?: string;
}

/** A task's code: a module that exports the task definition named `name`. */
export interface TaskProgram {
  readonly name: string;
  /** `file:` URL of the module. */
  readonly module: string;
  readonly input: unknown;
}

export interface TaskOptions {
  readonly signal: AbortSignal;
  readonly executionId: string;
  /** At most `limits.taskMs`, which is the default. */
  readonly timeoutMs?: number;
  onProgress?(progress: TaskProgress): void;
}

export interface TaskProgress {
  /** 0 to 1, where it is known. */
  readonly done?: number;
  readonly text: string;
}

/** How a task's program ended; `value` is what it returned, unchecked, when it ran to its end. */
export interface TaskRun {
  readonly outcome: Outcome;
  readonly value?: unknown;
  /** What it threw, when `outcome` is a non-zero exit. */
  readonly error?: string;
  readonly measures: Measures;
}

/**
 * The sandbox's files, from outside. Links are followed only where they stay inside.
 * @throws {OpsthreadError} `SANDBOX_PATH_REFUSED` for a path that leads out, `SANDBOX_QUOTA` for a write over a limit
 */
export interface SandboxFiles {
  /** Up to `length` bytes from `offset`; undefined when there is no such file. Memory is bounded by `length`. */
  read(
    path: string,
    options: { readonly offset: number; readonly length: number },
  ): Promise<{ readonly bytes: Uint8Array; readonly size: number } | undefined>;
  /** The whole file as a stream. */
  export(
    path: string,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly bytes: AsyncIterable<Uint8Array>; readonly size: number } | undefined>;
  /** Writes a file and the folders above it, all at once. Replaces an existing one. */
  write(
    path: string,
    bytes: Uint8Array | AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly size: number }>;
  /** What is in a folder, sorted by name; undefined when there is no such folder. At most `limit` entries. */
  list(
    path: string,
    options: { readonly limit: number },
  ): Promise<readonly FileEntry[] | undefined>;
  /** What a path names; a link is not followed. Undefined when nothing is there. */
  stat(path: string): Promise<FileEntry | undefined>;
  /** A folder as a tar stream with modes, links and times. Devices, sockets and pipes are left out. */
  exportTar(
    path: string,
    options: { readonly signal: AbortSignal },
  ): Promise<AsyncIterable<Uint8Array> | undefined>;
  /**
   * Unpacks a tar stream into a folder of the workspace. The stream is checked: nothing may lead out of the folder,
   * and there are no devices; names, number and size are bounded.
   * @throws {OpsthreadError} `SANDBOX_ARCHIVE_REFUSED`, `SANDBOX_QUOTA`
   */
  importTar(
    path: string,
    bytes: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly entries: number; readonly bytes: number }>;
}

export interface FileEntry {
  readonly name: string;
  readonly type: "file" | "folder" | "link" | "other";
  readonly size: number;
  readonly modifiedAt: number;
}

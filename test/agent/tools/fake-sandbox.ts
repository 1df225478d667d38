import type { AccessStanding, ToolContext } from "../../../src/agent/tool.ts";
import type { Artifact } from "../../../src/core/post.ts";
import type {
  ExecOptions,
  ExecResult,
  Sandbox,
  TaskOptions,
  TaskProgram,
  TaskRun,
} from "../../../src/sandbox/sandbox.ts";

export interface FakeSandbox {
  readonly sandbox: Sandbox;
  readonly files: Map<string, Uint8Array>;
  readonly executed: { command: string; options: ExecOptions }[];
  readonly tasks: { program: TaskProgram; options: TaskOptions }[];
}

/** The sandbox port in memory: files in a map, commands and tasks answered by what the test gives. */
export function fakeSandbox(
  answers: {
    readonly exec?: ExecResult;
    readonly attached?: ExecResult;
    readonly task?: TaskRun | ((options: TaskOptions) => TaskRun);
    readonly files?: Readonly<Record<string, string | Uint8Array>>;
    readonly writeError?: Error;
  } = {},
): FakeSandbox {
  const files = new Map(
    Object.entries(answers.files ?? {}).map(([path, content]) => [path, Buffer.from(content)]),
  );
  const executed: FakeSandbox["executed"] = [];
  const tasks: FakeSandbox["tasks"] = [];
  const sandbox: Sandbox = {
    sessionId: "s_test",
    isAlive: true,
    async exec(command, options) {
      executed.push({ command, options });
      return answers.exec ?? exited(0);
    },
    attach: async () => answers.attached,
    async task(program, options) {
      tasks.push({ program, options });
      const { task } = answers;
      return typeof task === "function" ? task(options) : (task ?? { ...exited(0) });
    },
    files: {
      async read(path, { offset, length }) {
        const bytes = files.get(path);
        return bytes && { bytes: bytes.subarray(offset, offset + length), size: bytes.length };
      },
      export: async () => undefined,
      async write(path, bytes) {
        if (answers.writeError) throw answers.writeError;
        if (!(bytes instanceof Uint8Array)) throw new TypeError("Streams are not needed here");
        files.set(path, Buffer.from(bytes));
        return { size: bytes.length };
      },
      list: async (path, { limit }) => listOf(files, path, limit),
      stat: () => Promise.reject(new Error("not used")),
      exportTar: () => Promise.reject(new Error("not used")),
      importTar: () => Promise.reject(new Error("not used")),
    },
    executions: async () => [],
    usage: () => Promise.reject(new Error("not used")),
    detach: async () => {},
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  return { sandbox, files, executed, tasks };
}

export function exited(code: number): ExecResult {
  return { outcome: { type: "exit", code }, stdout: none, stderr: none, measures: { wallMs: 12 } };
}

export const none = { text: "", bytes: 0 };

/** A tool context over a sandbox; kept files get the blob id `blob/<path>`. */
export function contextOf(
  { sandbox, files }: FakeSandbox,
  overrides: {
    readonly signal?: AbortSignal;
    readonly keepError?: Error;
    readonly access?: AccessStanding;
    readonly sandboxFrom?: (image: string) => Promise<Sandbox>;
  } = {},
): ToolContext & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    signal: overrides.signal ?? new AbortController().signal,
    callId: "call_1",
    executionId: "x1",
    lines,
    progress: (text) => lines.push(text),
    session: {
      sessionId: "s_test",
      access: () => overrides.access ?? { type: "open", expiresAt: 0 },
      sandbox: async () => sandbox,
      sandboxFrom: async (image) => (overrides.sandboxFrom ?? notUsed)(image),
      async keep(path): Promise<Artifact> {
        if (overrides.keepError) throw overrides.keepError;
        const name = path.split("/").at(-1) ?? path;
        const bytes = files.get(path)?.length ?? 0;
        return { name, blob: `blob/${path}`, bytes, mediaType: "text/plain" };
      },
    },
  };
}

const notUsed = (): Promise<never> => Promise.reject(new Error("not used"));

function listOf(files: ReadonlyMap<string, Uint8Array>, path: string, limit: number) {
  const folder = path === "." ? "" : `${path.replace(/^\.\//, "").replace(/\/$/, "")}/`;
  const entries = new Map<string, { type: "file" | "folder"; size: number }>();
  for (const [name, bytes] of files) {
    if (!name.startsWith(folder)) continue;
    const [first = "", ...below] = name.slice(folder.length).split("/");
    if (below.length > 0) entries.set(first, { type: "folder", size: 0 });
    else entries.set(first, { type: "file", size: bytes.length });
  }
  if (entries.size === 0 && folder !== "") return undefined;
  return [...entries]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([name, entry]) => ({ name, modifiedAt: 0, ...entry }));
}

import { Bash, InMemoryFs, MountableFs, type BashOptions } from "just-bash";

import { isOpsthreadError, messageOf } from "../../core/errors.ts";
import { captureOutput } from "../../core/output.ts";
import type { Limits } from "../permissions.ts";
import { createQuota, type Quota } from "../quota.ts";
import { createReach } from "../reach.ts";
import type { SandboxFiles } from "../sandbox.ts";
import { createScope } from "../scope.ts";
import { fileNameOf } from "../task-runtime.ts";
import { workspaceFiles } from "../workspace-files.ts";
import type { RunnerSetup, ShellReply, ShellRequest } from "./protocol.ts";
import { placeFs, type ShellNotes } from "./shell-fs.ts";

/** A shell that runs one command after another on the same files. */
export interface Shell {
  exec(request: ShellRequest, options: { readonly quota: Quota }): Promise<ShellReply>;
}

export function createShell({ places, grants, limits, env }: RunnerSetup): Shell {
  let quota = createQuota(limits, 0);
  let notes: ShellNotes = { sentences: new Set() };
  const files = workspaceFiles(createReach(places), { quota: async () => quota });
  const options = {
    scope: createScope(places, grants),
    quota: () => quota,
    notes: () => notes,
    maxReadBytes: Math.min(maxStringBytes, limits.memoryBytes),
  };
  const base = new InMemoryFs({}, { maxTotalBytes: Math.floor(limits.memoryBytes / 4) });
  void new Bash({ fs: base }); // Fills it with /tmp, /dev, /bin and what else a shell expects.
  const bash = new Bash({
    fs: new MountableFs({
      base,
      mounts: places.map((place) => ({
        mountPoint: place.path,
        filesystem: placeFs(place, options),
      })),
    }),
    env: { ...env },
    executionLimits: executionLimits(limits),
  });

  return {
    async exec(request, { quota: counted }) {
      quota = counted;
      notes = { sentences: new Set() };
      const { stdout, stderr, exitCode } = await run(bash, request);
      const limit = exitCode === 0 ? undefined : (notes.limit ?? limitOf(exitCode, stderr));
      const told = [...notes.sentences].map((note) => `opsthread: ${note}\n`).join("");
      return {
        type: "ran",
        exitCode,
        ...(limit !== undefined && { limit }),
        stdout: await capture(stdout, { request, files, stream: "stdout" }),
        stderr: await capture(Buffer.from(stderr + told), { request, files, stream: "stderr" }),
      };
    },
  };
}

/** The longest string of V8: the interpreter holds a file as one. */
const maxStringBytes = 2 ** 29 - 24;

/** Time and memory end what takes too long or too much; the interpreter's own counts would end it sooner. */
function executionLimits({ outputBytes }: Limits): NonNullable<BashOptions["executionLimits"]> {
  const unlimited = 1e15;
  return {
    maxOutputSize: outputBytes,
    maxCommandCount: unlimited,
    maxLoopIterations: unlimited,
    maxAwkIterations: unlimited,
    maxSedIterations: unlimited,
    maxJqIterations: unlimited,
    maxQueryElements: unlimited,
    maxAwkParserOperations: unlimited,
    maxCsvRows: unlimited,
    maxCsvCells: unlimited,
    maxWorkUnits: unlimited,
    maxTraversalEntries: unlimited,
    maxTraversalWork: unlimited,
    maxLiveBytes: unlimited,
    maxInputBytes: unlimited,
    maxExecutionTimeMs: 2 ** 31 - 1,
    maxGlobOperations: unlimited,
    maxStringLength: maxStringBytes,
    maxArrayElements: unlimited,
    maxBraceExpansionResults: unlimited,
  };
}

async function run(
  bash: Bash,
  { command, cwd, env, stdin }: ShellRequest,
): Promise<{ stdout: Buffer; stderr: string; exitCode: number }> {
  try {
    if (!(await isFolder(bash, cwd)))
      return { ...nothing, stderr: `bash: cd: ${cwd}: No such file or directory\n` };
    const result = await bash.exec(command, { cwd, env: { ...env }, stdin, rawScript: true });
    const encoding = result.stdoutKind === "bytes" ? "latin1" : "utf8";
    return { ...result, stdout: Buffer.from(result.stdout, encoding) };
  } catch (error) {
    // A redirection that can't be opened ends the interpreter, and what was printed so far is lost.
    const stderr = `bash: ${messageOf(error)}\nopsthread: the script ended here, and its output up to here is lost\n`;
    return { ...nothing, stderr };
  }
}

const nothing = { stdout: Buffer.alloc(0), exitCode: 1 };

const isFolder = async ({ fs }: Bash, path: string): Promise<boolean> =>
  (await fs.exists(path)) && (await fs.stat(path)).isDirectory;

/** The interpreter's limits end a command with this code and a sentence of this kind. */
function limitOf(exitCode: number, stderr: string): string | undefined {
  if (exitCode !== 126) return undefined;
  const sentence = /^bash: ((?:(?!, increase).)*(?:exceeded|too many)(?:(?!, increase).)*)/m.exec(
    stderr,
  )?.[1];
  return sentence?.includes("output size") ? "outputBytes" : sentence;
}

async function capture(
  output: Buffer,
  {
    request,
    files,
    stream,
  }: { readonly request: ShellRequest; readonly files: SandboxFiles; readonly stream: string },
): Promise<ShellReply["stdout"]> {
  const captured = captureOutput(request.shownBytes);
  captured.push(output);
  const { text, complete } = captured.shown();
  if (complete) return { text, bytes: output.length };
  const file = `.opsthread/outputs/${fileNameOf(request.executionId)}.${stream}`;
  try {
    await files.write(file, output, { signal: new AbortController().signal });
    return { text, bytes: output.length, file };
  } catch (error) {
    if (!isOpsthreadError(error, "SANDBOX_QUOTA", "SANDBOX_PATH_REFUSED")) throw error;
    return { text, bytes: output.length }; // No room for it, or the command made its place unusable.
  }
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Command, InvalidArgumentError } from "commander";

import { OpsthreadError } from "../../core/errors.ts";
import { openSandboxes } from "../../open-sandboxes.ts";
import { Limits, Permissions } from "../../sandbox/permissions.ts";
import { createRedactor } from "../../security/redact.ts";
import { diff, DiffData } from "../../tasks/diff/index.ts";
import { logs } from "../../tasks/logs/index.ts";
import type { Task } from "../../tasks/task.ts";
import { engineFromEnvironment } from "../engine.ts";
import { exitCodes } from "../exit-codes.ts";
import { mountFiles, type MountedFiles } from "../mount-files.ts";
import { progressLine } from "../progress-line.ts";
import { printReport, type Report } from "../report.ts";
import { sandboxConfigOf, type SandboxFlags, withSandboxOptions } from "../sandbox-options.ts";
import { saveArtifacts } from "../save-artifacts.ts";

/** `opsthread run <task>`: one task on local files, without a chat. */
export function runCommand({ signal }: { readonly signal: AbortSignal }): Command {
  const run = new Command("run").description(
    "Run one task on local files and print what it found.",
  );
  withSandboxOptions(run.command("logs"), { driver: "virtual" })
    .description("Read log files (plain, JSON, gzip, rotated) and tell what went wrong.")
    .argument("<files...>", "log files")
    .option("--since <time>", 'from then on: an ISO time, "14:05", or "15m" before the end')
    .option("--until <time>", "up to then")
    .option("--level <level...>", "only these levels, such as: error warn")
    .option("--match <text>", "only lines with this text, or /pattern/flags")
    .option("--around <place>", 'the lines around "file:line" or "first-error"')
    .option("--context <lines>", "lines of context", wholeNumber)
    .option("--top <count>", "how many patterns", wholeNumber)
    .option("--json", "print one JSON object instead of Markdown")
    .option("--out <folder>", "save the report's files here")
    .action(async (paths: string[], options: LogsOptions) => {
      const files = await mountFiles(paths);
      const { json, out, around, level, since, until, match, context, top } = options;
      const filters = given({ since, until, match, context, top });
      const place = around === undefined ? {} : { around: insidePlace(around, files) };
      const input = { files: files.paths, ...filters, ...place, ...(level && { levels: level }) };
      await runTask(logs, input, { files, json, out, signal, sandbox: options });
    });
  withSandboxOptions(run.command("diff"), { driver: "virtual" })
    .description(
      "Compare two configurations (YAML, JSON, TOML, INI, .env, text) by meaning; secrets are masked.",
    )
    .argument("<before>", "the old file")
    .argument("<after>", "the new file")
    .option("--format <format>", "auto, yaml, json, toml, ini, env or text")
    .option("--ignore <path...>", "paths to leave out")
    .option("--all", "also show noise such as Kubernetes' managedFields")
    .option("--exit-code", "end with 3 when there are differences")
    .option("--json", "print one JSON object instead of Markdown")
    .option("--out <folder>", "save the report's files here")
    .action(async (before: string, after: string, options: DiffOptions) => {
      const files = await mountFiles([before, after]);
      const { json, out, exitCode, all, format, ignore } = options;
      const pair = { before: files.inside(before), after: files.inside(after) };
      const input = {
        pairs: [pair],
        ...(format !== undefined && { format }),
        ...(ignore && { ignore }),
        ...(all && { ignoreNoise: false }),
      };
      const { data } = await runTask(diff, input, { files, json, out, signal, sandbox: options });
      if (exitCode && hasChanges(data)) process.exitCode = exitCodes.differs;
    });
  return run;
}

interface LogsOptions extends SandboxFlags {
  readonly since?: string;
  readonly until?: string;
  readonly level?: readonly string[];
  readonly match?: string;
  readonly around?: string;
  readonly context?: number;
  readonly top?: number;
  readonly json?: boolean;
  readonly out?: string;
}

interface DiffOptions extends SandboxFlags {
  readonly format?: string;
  readonly ignore?: readonly string[];
  readonly all?: boolean;
  readonly exitCode?: boolean;
  readonly json?: boolean;
  readonly out?: string;
}

async function runTask(
  task: Task,
  input: unknown,
  {
    files,
    json = false,
    out,
    signal,
    sandbox: flags,
  }: {
    readonly files: MountedFiles;
    readonly json?: boolean | undefined;
    readonly out?: string | undefined;
    readonly signal: AbortSignal;
    readonly sandbox: SandboxFlags;
  },
): Promise<Report> {
  const parsed = task.input.safeParse(input);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new OpsthreadError("CONFIG_INVALID", `Cannot run "${task.name}": ${issues.join("; ")}`);
  }
  const folder = await mkdtemp(join(tmpdir(), "opsthread-run-"));
  try {
    const opened = await openSandboxes({
      dataFolder: folder,
      config: sandboxConfigOf(flags),
      ...engineFromEnvironment(process.env),
      signal,
    });
    await using sandboxes = opened.provider;
    const spec = {
      sessionId: "s_run",
      permissions: Permissions.parse({}),
      limits: Limits.parse({}),
      sources: files.mounts,
    };
    await using sandbox = await sandboxes.open(spec, { signal });
    using progress = progressLine(process.stderr);
    const run = await sandbox.task(
      { name: task.name, module: task.module, input: parsed.data },
      { signal, executionId: "run", onProgress: (step) => progress.show(step) },
    );
    progress.clear();
    const redactor = createRedactor();
    const artifacts =
      out === undefined ? [] : await saveArtifacts(sandbox, run, { out, signal, redactor });
    const outside = (text: string): string => files.outside(redactor.text(text));
    return printReport({ task: task.name, run, artifacts, json, outside });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Without what was not said. */
const given = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** `file:line` with the file's path in the sandbox; other places stay as they are. */
function insidePlace(place: string, files: MountedFiles): string {
  const [, file = "", line = ""] = /^(.*):(\d+)$/.exec(place) ?? [];
  return line === "" ? place : `${files.inside(file)}:${line}`;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

function hasChanges(data: unknown): boolean {
  const parsed = DiffData.safeParse(data);
  return parsed.success && parsed.data.pairs.some(({ changes }) => changes.length > 0);
}

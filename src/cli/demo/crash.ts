import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { z } from "zod";

import { openConsoleWorkspace } from "../../adapters/console/index.ts";
import { systemClock } from "../../core/clock.ts";
import { sessionIdOf } from "../../core/ids.ts";
import { parseStored } from "../../core/journal.ts";
import type { Logger } from "../../core/logger.ts";
import { sqliteStore } from "../../store/sqlite/index.ts";
import { sandboxArgs, sandboxConfigOf, type SandboxFlags } from "../sandbox-options.ts";
import { type DemoBot, openDemoBot } from "./bot.ts";
import { type Check, checkThreads } from "./checks.ts";
import type { DemoFiles } from "./fixtures.ts";
import { type Screen, watchProgress } from "./screen.ts";
import { type DemoThreads, openThreads } from "./script.ts";

/** What the process that is going to be killed tells, a JSON line each. */
const ChildEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("threads"),
    threads: z.object({ logs: z.string(), manifests: z.string(), environments: z.string() }),
  }),
  z.object({ type: z.literal("progress"), thread: z.string(), text: z.string() }),
  /** The journal says that the logs are being read, and has no result yet. */
  z.object({ type: z.literal("reading") }),
  z.object({ type: z.literal("settled") }),
]);
type ChildEvent = z.infer<typeof ChildEvent>;

/**
 * Runs the main job in another process, kills that with SIGKILL while the logs are being read, then goes on in this one.
 * Everything must come out as if nothing had happened.
 */
export async function runCrash({
  folder,
  screen,
  log,
  signal,
  sandbox,
}: {
  readonly folder: string;
  readonly screen: Screen;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly sandbox: SandboxFlags;
}): Promise<readonly Check[]> {
  const { threads, withProgress, killedBy } = await killHalfWay(folder, {
    screen,
    signal,
    sandbox,
  });
  const left = await whatIsLeft(folder, threads);
  screen.say(
    `killed by ${killedBy}: ${left.dirty} of 3 sessions not finished, ${left.answered} answered`,
  );

  screen.title("Starting again on the same data");
  await using demo = await openDemoBot(folder, { log, sandbox: sandboxConfigOf(sandbox) });
  const { workspace, bot } = demo;
  using progress = watchProgress(workspace, screen);
  await bot.start();
  await demo.settled();
  for (const thread of Object.values(threads)) screen.thread(workspace.transcript(thread));
  const seen = new Set([...withProgress, ...progress.threads]);
  const attempts = await attemptsOf(bot.store, left.logsSession);
  return [
    {
      what: "the first process died of SIGKILL while it read the logs",
      ok: killedBy === "SIGKILL" && left.openCall,
    },
    {
      what: "a second process took the same turn up and finished it",
      ok: attempts.length === 2 && attempts.ended,
    },
    ...(await checkThreads(workspace, threads, { withProgress: seen })),
  ];
}

async function killHalfWay(
  folder: string,
  {
    screen,
    signal,
    sandbox,
  }: { readonly screen: Screen; readonly signal: AbortSignal; readonly sandbox: SandboxFlags },
): Promise<{ threads: DemoThreads; withProgress: ReadonlySet<string>; killedBy: string }> {
  const child = startChild(folder, sandbox);
  const stop = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", stop);
  const exited = once(child, "exit");
  const withProgress = new Set<string>();
  let threads: DemoThreads | undefined;
  try {
    if (!child.stdout) throw new TypeError("Cannot watch the demo's process: it has no output");
    for await (const line of createInterface({ input: child.stdout })) {
      const event = parseEvent(line);
      if (event.type === "threads") ({ threads } = event);
      if (event.type === "reading" || event.type === "settled") break;
      if (event.type !== "progress") continue;
      withProgress.add(event.thread);
      screen.say(`  … ${event.thread}: ${event.text}`);
    }
  } finally {
    signal.removeEventListener("abort", stop);
    child.kill("SIGKILL");
  }
  const [code, killedBy]: readonly unknown[] = await exited;
  signal.throwIfAborted();
  if (!threads)
    throw new TypeError(
      `Cannot run the demo: its process ended with ${String(code)} before it began`,
    );
  return {
    threads,
    withProgress,
    killedBy: typeof killedBy === "string" ? killedBy : `exit ${String(code)}`,
  };
}

function startChild(folder: string, sandbox: SandboxFlags): ChildProcess {
  const program = fileURLToPath(new URL("../../../bin/opsthread.js", import.meta.url));
  return spawn(process.execPath, [program, "demo", "--victim", folder, ...sandboxArgs(sandbox)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** The process that is going to be killed: opens the threads, works, and tells how far it is. */
export async function runVictim({
  folder,
  files,
  log,
  sandbox,
}: {
  readonly folder: string;
  readonly files: DemoFiles;
  readonly log: Logger;
  readonly sandbox: SandboxFlags;
}): Promise<void> {
  const tell = (event: ChildEvent): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
  await using demo = await openDemoBot(folder, { log, sandbox: sandboxConfigOf(sandbox) });
  demo.workspace.onChange((change) => {
    if (change.type === "progress" && change.markdown !== undefined)
      tell({ type: "progress", thread: change.thread, text: change.markdown });
  });
  const threads = await openThreads(demo.workspace, files);
  tell({ type: "threads", threads });
  await demo.bot.start();
  const ended = new AbortController();
  const watching = untilReading(demo, threads.logs, ended.signal).then((reading) => {
    if (reading) tell({ type: "reading" });
    return reading;
  });
  await demo.settled();
  ended.abort();
  await watching;
  tell({ type: "settled" });
}

/** Waits until a tool call of the thread has been under way for a moment. False when it came to its end before. */
async function untilReading(
  { workspace, bot }: DemoBot,
  thread: string,
  signal: AbortSignal,
): Promise<boolean> {
  const ref = workspace.threadRef(thread);
  if (!ref) return false;
  let since: number | undefined;
  while (!signal.aborted) {
    const journal = await bot.store.readJournal(sessionIdOf(ref), { after: 0 });
    const open = journal.at(-1)?.entry.type === "step";
    if (open) since ??= Date.now();
    if (open && Date.now() - (since ?? 0) > underWayMs) return true;
    await systemClock.sleep(20, { signal }).catch(() => {}); // Ended: the loop sees it.
  }
  return false;
}

/** Long enough for the task to be at its work, short against the time that it takes. */
const underWayMs = 250;

/** Looks into the dead process's store. */
async function whatIsLeft(folder: string, threads: DemoThreads) {
  await using workspace = await openConsoleWorkspace({ dir: join(folder, "chat") });
  await using store = await sqliteStore({ folder: join(folder, "bot") });
  const refs = Object.values(threads).map((thread: string) => workspace.threadRef(thread));
  const ids = refs.flatMap((ref) => (ref ? [sessionIdOf(ref)] : []));
  const dirty = (await store.dirtySessions()).filter((id) => ids.includes(id));
  const posts = await Promise.all(ids.map((id) => store.posts(id)));
  const logsSession = ids[0] ?? "";
  const journal = await store.readJournal(logsSession, { after: 0 });
  return {
    logsSession,
    dirty: dirty.length,
    answered: posts.flat().length,
    openCall: journal.at(-1)?.entry.type === "step" && dirty.includes(logsSession),
  };
}

async function attemptsOf(
  store: Awaited<ReturnType<typeof sqliteStore>>,
  sessionId: string,
): Promise<{ readonly length: number; readonly ended: boolean }> {
  const journal = await store.readJournal(sessionId, { after: 0 });
  const started = journal.flatMap(({ entry }) =>
    entry.type === "turn-started" ? [entry.epoch] : [],
  );
  const ended = journal.filter(({ entry }) => entry.type === "turn-ended").length === 1;
  return { length: new Set(started).size, ended };
}

function parseEvent(line: string): ChildEvent {
  return parseStored(ChildEvent, line, "what the demo's process tells");
}

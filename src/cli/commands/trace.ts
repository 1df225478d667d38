import { stat } from "node:fs/promises";
import { join } from "node:path";

import { Command, InvalidArgumentError, Option } from "commander";

import { visibleLabel } from "../../adapters/text/control.ts";
import { readSpans } from "../../observe/read-spans.ts";
import { table } from "../table.ts";
import {
  sessionMeant,
  type TracedSession,
  tracedSessions,
  turnMeant,
  unusable,
} from "../trace/sessions.ts";
import { renderTimeline } from "../trace/timeline.ts";
import { collectTurn } from "../trace/turn-spans.ts";

/** `opsthread trace`: what a turn did, and when, from the trace files. The bot may run meanwhile. */
export function traceCommand({ signal }: { readonly signal: AbortSignal }): Command {
  return new Command("trace")
    .description(
      "Show a turn's timeline: steps, model calls, tools, commands, posts. Works while the bot runs, and after a crash.",
    )
    .argument("[session]", "the session's id, or its beginning; without it the sessions are listed")
    .option("--list", "list the sessions that have traces, the most recent first")
    .option("--turn <number>", "which turn; default: the last one", wholeNumber)
    .option("--json", "print one JSON object, with everything that was recorded")
    .addOption(
      new Option("--data <folder>", "the data folder").env("OPSTHREAD_DATA").default(".opsthread"),
    )
    .action(async (wanted: string | undefined, options: TraceOptions) => {
      const folder = join(options.data, "traces");
      if (!(await isFolder(folder)))
        throw unusable(`there are no traces in "${options.data}", expected a bot's data folder`);
      const turns = readSpans(folder, { texts: ['"name":"turn"'], signal });
      const sessions = await tracedSessions(turns);
      if (wanted === undefined || options.list === true) return list(sessions, options);
      return show(sessionMeant(sessions, { wanted, folder }), { ...options, folder, signal });
    });
}

interface TraceOptions {
  readonly data: string;
  readonly list?: boolean;
  readonly turn?: number;
  readonly json?: boolean;
}

function list(sessions: readonly TracedSession[], { json = false }: TraceOptions): void {
  if (json) return print(JSON.stringify({ sessions }, undefined, 2));
  if (sessions.length === 0) return print("No turn has been traced yet.");
  const rows = sessions.map(({ session, platform, turns, lastAt, last }) =>
    [session, platform, `turns ${turns.join(", ")}`, new Date(lastAt).toISOString(), last].map(
      visibleLabel,
    ),
  );
  print(table(rows).trimEnd());
}

async function show(
  traced: TracedSession,
  {
    folder,
    signal,
    ...options
  }: TraceOptions & { readonly folder: string; readonly signal: AbortSignal },
): Promise<void> {
  const { session } = traced;
  const turn = turnMeant(traced, options.turn);
  const spans = readSpans(folder, { texts: [JSON.stringify(session)], signal });
  const found = await collectTurn(spans, { session, turn });
  if (options.json === true)
    return print(JSON.stringify({ session, turn, ...found }, undefined, 2));
  const { isTTY, columns } = process.stdout;
  const timeline = { session, turn, traced: found };
  // Piped, a line is as long as it is.
  print(renderTimeline(timeline, { color: isTTY, width: isTTY ? columns : Infinity }).trimEnd());
  const others = traced.turns.filter((other) => other !== turn);
  if (others.length > 0) print(`Other turns: ${others.join(", ")} (--turn <number>)`);
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false; // Not there, or not ours to look at.

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

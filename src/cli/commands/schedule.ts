import { Command, InvalidArgumentError, Option } from "commander";

import { visibleLabel } from "../../adapters/text/control.ts";
import { OpsthreadError } from "../../core/errors.ts";
import { nextText, nextTimes, stateText, timeText } from "../../schedule/describe.ts";
import {
  addSchedule,
  type KnownSchedule,
  listSchedules,
  pauseSchedule,
  removeSchedule,
  resumeSchedule,
  runScheduleNow,
} from "../../schedule/manage.ts";
import { type GivenSchedule, scheduleFrom } from "../schedule/given.ts";
import { openScheduleStore, type OpenSchedules } from "../schedule/open-store.ts";
import { table } from "../table.ts";

/** `opsthread schedule`: what is said to the bot when. Works while the bot runs. */
export function scheduleCommand(): Command {
  const command = new Command("schedule").description(
    "List, add and hold schedules: cron rules that say something to the bot. The bot may run meanwhile.",
  );
  command.addCommand(listCommand());
  command.addCommand(nextCommand());
  command.addCommand(addCommand());
  for (const { name, description, act, done } of changes)
    command.addCommand(
      withStore(new Command(name).description(description).argument("<id>", "the schedule")).action(
        async (id: string, options: StoreOptions) => {
          await using open = await openScheduleStore(options.config);
          await act(open.store, id, { ...open, now: Date.now() });
          print(`${done} ${id}. A bot that runs knows it within seconds.`);
        },
      ),
    );
  return command;
}

interface StoreOptions {
  readonly config?: string;
}

const changes = [
  {
    name: "pause",
    description: "Let it not run until it is resumed. What runs goes on.",
    act: pauseSchedule,
    done: "Paused",
  },
  {
    name: "resume",
    description: "Let it run again, from its next time on.",
    act: resumeSchedule,
    done: "Resumed",
  },
  {
    name: "run",
    description: "Let it run now, once; where it runs already, when that has ended.",
    act: runScheduleNow,
    done: "Asked for a run of",
  },
  {
    name: "remove",
    description: "Remove one that was added by command.",
    act: removeSchedule,
    done: "Removed",
  },
] as const;

function listCommand(): Command {
  return withStore(
    new Command("list")
      .description("List all, with when they run next and how the last run ended.")
      .option("--json", "print one JSON object, with everything that is known"),
  ).action(async ({ json = false, ...options }: StoreOptions & { readonly json?: boolean }) => {
    await using open = await openScheduleStore(options.config);
    const known = await listSchedules(open.store, open);
    if (json) return print(JSON.stringify({ schedules: known }, undefined, 2));
    if (known.length === 0)
      return print('There are none. "opsthread schedule add --help" tells how to make one.');
    const now = Date.now();
    const rows = known.map((each) => [
      each.schedule.id,
      each.schedule.cron,
      each.schedule.channel,
      nextText(each, now),
      visibleLabel(stateText(each)),
      each.from === "configuration" ? "in the configuration" : "",
    ]);
    print(table([["id", "rule", "channel", "next", "state", ""], ...rows]).trimEnd());
  });
}

function nextCommand(): Command {
  return withStore(
    new Command("next")
      .description("List the next times at which schedules run.")
      .argument("[id]", "of this one only")
      .addOption(
        new Option("--count <number>", "how many of each").default(5).argParser(wholeNumber),
      ),
  ).action(async (id: string | undefined, options: StoreOptions & { readonly count: number }) => {
    await using open = await openScheduleStore(options.config);
    const known = await listSchedules(open.store, open);
    const rows = meant(known, id).flatMap((each) => timeRows(each, options.count));
    if (rows.length > 0) print(table(rows).trimEnd());
  });
}

function timeRows(known: KnownSchedule, count: number): readonly (readonly string[])[] {
  const { schedule, record } = known;
  const held = record?.paused === true ? "paused" : "";
  return nextTimes(known, { now: Date.now(), count }).map((at) => [
    schedule.id,
    timeText(at, schedule),
    new Date(at).toISOString(),
    held,
  ]);
}

function meant(known: readonly KnownSchedule[], id: string | undefined): readonly KnownSchedule[] {
  if (id === undefined) return known;
  const found = known.filter(({ schedule }) => schedule.id === id);
  if (found.length > 0) return found;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot show schedule "${id}": there is none, "list" shows those that are`,
  );
}

function addCommand(): Command {
  return withStore(
    new Command("add")
      .description("Add a schedule. Its thread's people see its message and the answer.")
      .argument("<id>", "what it is called: a-z, 0-9, - and _")
      .requiredOption(
        "--cron <rule>",
        'minute, hour, day, month and weekday, as in "0 9 * * 1-5", or "@daily"',
      )
      .requiredOption("--message <text>", "what is said to the bot")
      .requiredOption("--channel <channel>", "platform:workspace:channel, by id")
      .option("--timezone <zone>", "whose clock the rule means, as in Europe/Berlin", "UTC")
      .option(
        "--thread <thread>",
        "new: one for each run; same: one for all; or the id of one",
        "new",
      )
      .option("--missed <policy>", "runs missed while no bot was there: skip, or once", "skip")
      .option("--overlap <policy>", "while the run before goes: skip, or queue", "skip")
      .addOption(
        new Option("--jitter-ms <ms>", "begin up to so much later")
          .default(0)
          .argParser(wholeNumber),
      ),
  ).action(async (id: string, options: StoreOptions & Omit<GivenSchedule, "id">) => {
    const { config, ...given } = options;
    await using open: OpenSchedules = await openScheduleStore(config);
    const schedule = scheduleFrom({ ...given, id }, open.platforms);
    const record = await addSchedule(open.store, schedule, { ...open, now: Date.now() });
    print(
      `Added ${id}. Its next run: ${nextText({ schedule, record, from: "command" }, Date.now())}`,
    );
  });
}

const withStore = (command: Command): Command =>
  command.addOption(
    new Option("--config <file>", "the bot's configuration").env("OPSTHREAD_CONFIG"),
  );

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

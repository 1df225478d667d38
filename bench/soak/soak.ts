import { setTimeout as delay } from "node:timers/promises";

import { createBot } from "../../dist/bot.js";
import { echoModel } from "./echo-model.ts";
import type { SoakPlace, SoakPlatform } from "./platform.ts";

export interface SoakOptions {
  readonly seconds: number;
  /** Messages a second. */
  readonly rate: number;
  /** Things that go wrong a second. */
  readonly mishaps: number;
  readonly dataFolder: string;
  readonly random: () => number;
  /** How long the last answers may take. */
  readonly patienceMs: number;
  readonly say?: (line: string) => void;
  /** Frees what is not in use any more, before memory is measured. */
  readonly collect?: () => void;
}

export interface SoakReport {
  readonly said: number;
  /** Words that no answer in their thread has, that several have, and that are in another thread. */
  readonly unanswered: readonly string[];
  readonly twice: readonly string[];
  readonly astray: readonly string[];
  readonly mishaps: Readonly<Record<string, number>>;
  readonly figures: Readonly<Record<string, number>>;
  /** From a message to its answer. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Live memory, megabytes, every few seconds. */
  readonly heapMb: readonly number[];
}

/** Many people talk to a bot at once, while all that can go wrong on a platform does. Each word must come back once. */
export async function soak(platform: SoakPlatform, options: SoakOptions): Promise<SoakReport> {
  const {
    seconds,
    rate,
    random,
    dataFolder,
    patienceMs,
    say = () => {},
    collect = () => {},
  } = options;
  const bot = await createBot({
    adapters: [platform.adapter],
    access: platform.access,
    dataFolder,
    model: echoModel,
    sandbox: { driver: "virtual" },
    concurrency: 8,
  });
  await bot.start();
  const watched = watch(platform);
  const mishaps: Record<string, number> = {};
  const heapMb: number[] = [];
  let said = 0;
  let unsaid = 0;
  const began = Date.now();
  for (let tick = 0; Date.now() - began < seconds * 1000; tick += 1) {
    const due = Math.floor((rate * (Date.now() - began)) / 1000);
    // While nobody is there to hear, nobody speaks.
    while (said + unsaid < due)
      if (platform.isConnected()) watched.said(`#${(said += 1)}`, random);
      else unsaid += 1;
    if (random() < options.mishaps * (tickMs / 1000)) {
      const kind = platform.mishap(random);
      mishaps[kind] = (mishaps[kind] ?? 0) + 1;
    }
    if (tick % lookEvery === 0) watched.look();
    if (tick % memoryEvery === 0) {
      collect();
      heapMb.push(Math.round(process.memoryUsage().heapUsed / 1e5) / 10);
      say(
        `${Math.round((Date.now() - began) / 1000)} s: ${said} said, ${watched.waiting()} wait, ${heapMb.at(-1)} MB`,
      );
    }
    await delay(Math.max(0, began + (tick + 1) * tickMs - Date.now()));
  }
  platform.heal();
  const enough = Date.now() + patienceMs;
  while (watched.waiting() > 0 && Date.now() < enough) {
    await delay(200);
    watched.look();
  }
  await bot.idle();
  watched.look(Infinity);
  await bot.stop();
  collect();
  return { said, mishaps, heapMb, ...watched.report(), figures: platform.figures() };
}

const tickMs = 50;
const lookEvery = 10;
const memoryEvery = 100;

/** Threads in which somebody talks, and what they wait for. */
function watch(platform: SoakPlatform) {
  const open = new Map<
    string,
    {
      readonly place: SoakPlace;
      readonly words: Map<string, number>;
      quietSince: number | undefined;
    }
  >();
  const unanswered = new Map<string, number>();
  const twice = new Set<string>();
  const astray = new Set<string>();
  const latencies: number[] = [];
  return {
    said(word: string, random: () => number): void {
      // What is said without a mention before the mention has come is said to nobody.
      const live = [...open.values()].filter(({ words }) =>
        [...words.keys()].some((each) => !unanswered.has(each)),
      );
      const old = random() < followUps ? live[Math.floor(random() * live.length)] : undefined;
      const text = `please ${word}`;
      const place = platform.say(old ? { text, place: old.place } : { text });
      const id = `${place.channel}:${place.thread}`;
      const thread = open.get(id) ?? {
        place,
        words: new Map<string, number>(),
        quietSince: undefined,
      };
      thread.words.set(word, Date.now());
      thread.quietSince = undefined;
      open.set(id, thread);
      unanswered.set(word, Date.now());
    },
    /** Reads some threads, the longest unread first; those that were long quiet are forgotten. */
    look(most = atOnce): void {
      for (const [id, thread] of [...open].slice(0, most)) {
        open.delete(id);
        const counts = new Map<string, number>();
        for (const answer of platform.answers(thread.place))
          // The beginning of a long one stands in its file, too.
          for (const word of new Set(answer.match(/#\d+/g)))
            counts.set(word, (counts.get(word) ?? 0) + 1);
        for (const [word, count] of counts) {
          const at = unanswered.get(word);
          if (!thread.words.has(word)) astray.add(word);
          else if (at !== undefined && unanswered.delete(word)) latencies.push(Date.now() - at);
          if (count > 1) twice.add(word);
        }
        const isQuiet = [...thread.words.keys()].every((word) => !unanswered.has(word));
        if (!isQuiet) thread.quietSince = undefined;
        else thread.quietSince ??= Date.now();
        if (Date.now() - (thread.quietSince ?? Infinity) > quietMs) platform.forget(thread.place);
        else open.set(id, thread);
      }
    },
    waiting: () => unanswered.size,
    report() {
      const sorted = latencies.toSorted((a, b) => a - b);
      const at = (share: number): number =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      return {
        unanswered: [...unanswered.keys()],
        twice: [...twice],
        astray: [...astray],
        latencyMs: { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 },
      };
    },
  };
}

const followUps = 0.6;
/** A second answer would have come in this time. */
const quietMs = 30_000;
const atOnce = 100;

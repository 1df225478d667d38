/**
 * From `stop` in a thread to the post that says so, on the real client of OpenAI's API and its twin: while an answer
 * streams, while a tool runs, while an approval waits, and while a failed call is about to be tried again.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import {
  type Adapter,
  createBot,
  type Inbound,
  type Message,
  type Post,
  sessionIdOf,
  type ThreadRef,
} from "../dist/index.js";
import { openaiFaults, openaiSteps, openaiTwin } from "../dist/testing/index.js";
import { type Figure, median, percentile } from "./harness.ts";

const rounds = 7;
type Script = NonNullable<Parameters<typeof openaiTwin>[0]["script"]>;

/** How each comes to the moment in which it is stopped, and the sign of it. */
const situations: readonly {
  readonly name: string;
  readonly script: () => Script;
  readonly isThere: (now: Now) => boolean;
}[] = [
  {
    name: "while an answer streams",
    script: () => [openaiFaults.stall(openaiSteps.say("A long answer that does not end."), 5)],
    isThere: ({ requests }) => requests > 0,
  },
  {
    name: "while a tool runs",
    script: () => [openaiSteps.shell(["sleep 600"])],
    isThere: ({ entries }) => entries.includes("step"),
  },
  {
    name: "while an approval waits",
    script: () => [
      openaiSteps.call("request_access", {
        kind: "time",
        value: 1_800_000,
        reason: "It takes long",
      }),
    ],
    isThere: ({ posts }) => posts.some(({ kind }) => kind === "approval"),
  },
  {
    name: "while a failed call waits to be tried again",
    script: () => [openaiFaults.fail(503, { headers: { "retry-after": "60" } })],
    isThere: ({ progress }) => progress.some((line) => line.includes("trying again")),
  },
];

export async function run(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const situation of situations) {
    const all: number[] = [];
    for (let round = 0; round < rounds; round += 1) all.push(await stopOnce(situation));
    const figure = { unit: "ms", target: 1_000 };
    figures.push(
      { ...figure, name: `stop ${situation.name}, p50`, ours: median(all) },
      { ...figure, name: `stop ${situation.name}, slowest`, ours: percentile(all, 100) },
    );
  }
  return figures;
}

async function stopOnce({ name, script, isThere }: (typeof situations)[number]): Promise<number> {
  const dataFolder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  await using twin = await openaiTwin({ script: script() });
  const place = placeOf();
  try {
    await using bot = await createBot({
      adapters: [place.adapter],
      access: { admins: [`bench:w:${actor.id}`] },
      dataFolder,
      model: "openai/gpt-5.6-luna",
      keys: { openai: twin.apiKey },
      urls: { openai: `${twin.url}/v1` },
      sandbox: { driver: "virtual" },
    });
    await bot.start();
    await place.say("m1", "go");
    const now = async (): Promise<Now> => ({
      ...place,
      requests: twin.requests.length,
      entries: (await bot.store.readJournal(sessionIdOf(thread), { after: 0 })).map(
        ({ entry }) => entry.type,
      ),
    });
    while (!isThere(await now())) await delay(5);
    await delay(settledMs);
    const before = place.posts.length;
    const start = performance.now();
    await place.say("m2", "stop");
    while (place.posts.length === before) await delay(1);
    const ms = performance.now() - start;
    const said = place.posts.at(-1)?.markdown ?? "";
    if (!said.startsWith("Stopped, as ")) throw new Error(`${name}: it said "${said}"`);
    return ms;
  } finally {
    await rm(dataFolder, { recursive: true, force: true });
  }
}

const actor = { id: "U1", name: "Ada", roles: [] };
const thread: ThreadRef = { platform: "bench", workspace: "w", channel: "c", thread: "t" };

/** After the sign of it: a command has begun, a wait too. */
const settledMs = 300;

/** What can be seen from outside. */
interface Now extends Pick<Place, "posts" | "progress"> {
  readonly requests: number;
  readonly entries: readonly string[];
}

interface Place {
  readonly adapter: Adapter;
  readonly posts: readonly Post[];
  readonly progress: readonly string[];
  say(id: string, text: string): Promise<void>;
}

/** A chat platform of one thread. */
function placeOf(): Place {
  const posts: Post[] = [];
  const progress: string[] = [];
  let inbound: Inbound | undefined;
  return {
    posts,
    progress,
    async say(id, text) {
      const kind: Message["kind"] = text === "stop" ? "stop" : "mention";
      const sentAt = Date.now();
      await inbound?.receive({ id, thread, actor, kind, text, attachments: [], sentAt });
    },
    adapter: {
      platform: "bench",
      async start(events) {
        inbound = events;
      },
      async post(post) {
        posts.push(post);
        return { messageId: String(posts.length) };
      },
      findPost: async () => undefined,
      async showProgress(_, { markdown }) {
        if (markdown !== undefined) progress.push(markdown);
      },
      async *download() {},
      async [Symbol.asyncDispose]() {},
    },
  };
}

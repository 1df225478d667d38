import type { ThreadRef } from "../../../src/core/ids.ts";
import type { Message } from "../../../src/core/message.ts";
import type {
  AdapterFault,
  AdapterUnderTest,
  SeenPost,
} from "../../../src/testing/adapter-suite.ts";
import type { DiscordTwin } from "../../../src/testing/discord-twin/discord-twin.ts";
import type { DiscordCall, DiscordCallFault } from "../../../src/testing/discord-twin/faults.ts";
import type { SeenDiscordMessage } from "../../../src/testing/discord-twin/person.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openDiscord } from "./open-discord.ts";

/** An adapter on a Discord of its own, seen as the conformance suite wants to see a platform. */
export async function discordUnderTest(): Promise<AdapterUnderTest> {
  const clock = manualClock(Date.now());
  const opened = await openDiscord({ clock });
  const { discord, adapter, refOf } = opened;
  // Discord is told nothing of what becomes of a message: history keeps it, and the adapter reads that.
  const held = new Map<string, number>();
  const askers = new Map<string, string>();
  const bots = (thread: ThreadRef): readonly SeenDiscordMessage[] =>
    discord.thread(thread).filter(({ isBot }) => isBot);
  let told = 1;
  return {
    adapter: {
      ...adapter,
      start: (inbound) =>
        adapter.start({
          ...inbound,
          async receive(message) {
            const received = await inbound.receive(message);
            settle(held, message);
            return received;
          },
        }),
    },
    async say({ text, actorId = "U1", thread, files = [] }) {
      const place = thread && { channel: thread.channel, thread: thread.thread };
      const said = discord.say({ ...place, text, files, user: actorId, mention: !thread });
      held.set(said.id, told);
      told = 1;
      askers.set(said.thread, actorId);
      return { thread: refOf(said) };
    },
    emptyThread: async () => refOf(discord.say({ text: "said to nobody", user: "U1" })),
    posts: async (thread) =>
      bots(thread)
        .filter((message) => !isProgress(message))
        .map(seenPost),
    progress: async (thread) =>
      bots(thread)
        .filter(isProgress)
        .map(({ text }) => text),
    notes: async ({ thread }) => discord.whispers(askers.get(thread) ?? ""),
    async unacknowledged() {
      await discord.roundTrip();
      return held.size;
    },
    async redeliver() {
      await discord.roundTrip();
      await clock.advance(30_000);
    },
    fault(fault) {
      if (fault.type === "event-duplicated") told = 2;
      inject(discord, fault);
    },
    loseFile: ({ id }) => discord.faults.loseFile(id.split("/").at(-1) ?? ""),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

function settle(held: Map<string, number>, { id }: Message): void {
  const message = id.split(":").at(-1) ?? "";
  const left = (held.get(message) ?? 1) - 1;
  if (left > 0) held.set(message, left);
  else held.delete(message);
}

const isProgress = ({ text }: SeenDiscordMessage): boolean => text.startsWith("-# ⏳");

/** What is too long for messages is read in the file that comes with its beginning. */
function seenPost({ id, text, files }: SeenDiscordMessage): SeenPost {
  const whole = files.find(({ name }) => name === "answer.md")?.bytes.toString();
  return {
    messageId: id,
    text: whole ?? text,
    files: files.filter(({ name }) => name !== "answer.md"),
  };
}

function inject(discord: DiscordTwin, fault: AdapterFault): void {
  // Not the one that finds that there is no thread yet.
  const isThere = ({ path }: DiscordCall): boolean => {
    const id = path.split("/")[2] ?? "";
    return discord.threadOf(id) !== undefined || Object.values(discord.channels).includes(id);
  };
  const onPost = (meant: DiscordCallFault): void =>
    discord.faults.call("POST /channels/{}/messages", meant, isThere);
  switch (fault.type) {
    case "event-duplicated":
      return discord.faults.duplicateEvent();
    case "post-unavailable":
      return onPost({
        type: "error",
        status: 403,
        code: 40_004,
        message: "Send messages has been temporarily disabled",
      });
    case "post-connection-lost":
      return onPost({ type: "drop", taken: fault.taken });
    case "post-rejected":
      return onPost({
        type: "error",
        status: 400,
        code: 50_035,
        message: "Invalid Form Body",
      });
    case "post-rate-limited":
      return onPost({ type: "rate-limited", retryAfterS: fault.retryAfterMs / 1000 });
    default:
      return fault satisfies never;
  }
}

/**
 * A bot in a Discord server of ten thousand members who write a hundred messages a second to each other, and one in a thousand
 * to the bot: what it keeps in memory at the start, and later. `--minutes 5 --rate 100 --members 10000`.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { discordTwin } from "../dist/testing/index.js";
import type { Figure } from "./harness.ts";

interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly brought: number;
}

export async function run(flags: Readonly<Record<string, string>>): Promise<Figure[]> {
  const { minutes = "5", rate = "100", members = "10000" } = flags;
  await using discord = await discordTwin({ channels: ["busy-1", "busy-2", "busy-3"] });
  for (let count = 0; count < Number(members); count += 1) discord.giveRoles(memberOf(count), []);
  const child = join(import.meta.dirname, "soak/guild-bot.js");
  const bot = fork(child, [discord.botToken, discord.apiUrl], { execArgv: ["--expose-gc"] });
  await once(bot, "message");
  const places = ["busy-1", "busy-2", "busy-3"].map((name) => discord.channels[name] ?? "");
  const began = Date.now();
  const until = began + Number(minutes) * 60_000;
  let said = 0;
  let meant = 0;
  const speak = async (end: number): Promise<void> => {
    while (Date.now() < end) {
      const due = Math.floor((Number(rate) * (Date.now() - began)) / 1000);
      while (said < due) {
        said += 1;
        const mention = said % 1000 === 0;
        if (mention) meant += 1;
        const user = memberOf((said * 7919) % Number(members));
        const channel = places[said % places.length] ?? "";
        discord.forget(
          discord.say({ text: `talk ${said} ${"x".repeat(200)}`, channel, user, mention }),
        );
      }
      await delay(20);
    }
  };
  // What loading and connecting used is no growth.
  await speak(began + 10_000);
  const first = await memoryOf(bot);
  let last = first;
  while (Date.now() < until) {
    await speak(Math.min(until, Date.now() + 60_000));
    last = await memoryOf(bot);
    const [rss, heap] = [mebibytes(last.rss), mebibytes(last.heapUsed)];
    console.error(
      `${Math.round((Date.now() - began) / 1000)} s: ${said} said, RSS ${rss}, heap ${heap}`,
    );
  }
  bot.send("end");
  await once(bot, "exit");
  return [
    { name: "messages said", unit: "", ours: said },
    {
      name: "messages for the bot that it was not brought",
      unit: "",
      ours: meant - last.brought,
      target: 0,
    },
    { name: "RSS after 10 s", unit: "MB", ours: mebibytes(first.rss) },
    { name: `RSS after ${minutes} min`, unit: "MB", ours: mebibytes(last.rss) },
    { name: "heap after 10 s", unit: "MB", ours: mebibytes(first.heapUsed) },
    { name: "heap growth", unit: "MB", ours: mebibytes(last.heapUsed - first.heapUsed), target: 5 },
  ];
}

const memberOf = (index: number): string => String(800_000_000_000_000_000n + BigInt(index));
const mebibytes = (bytes: number): number => Math.round((bytes / 1024 ** 2) * 10) / 10;

async function memoryOf(bot: ChildProcess): Promise<Memory> {
  bot.send("memory");
  const [memory]: Memory[] = await once(bot, "message");
  if (!memory) throw new Error("The bot did not tell its memory");
  return memory;
}

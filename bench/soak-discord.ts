/**
 * A bot on Discord's twin under load while all that can go wrong does: events told twice, calls that fail before or after
 * they took effect, 429, answers that come too late, connections that are cut or die silently. Each message must be answered
 * once, in its thread, and memory must not grow. `--minutes 30 --rate 10 --mishaps 5 --seed 1`. Discord takes 50 calls a
 * second of a bot, and a turn with its progress makes three: that is the most that one bot can answer.
 */
import type { Figure, Flags } from "./harness.ts";
import { discordSoak } from "./soak/discord.ts";
import { measureSoak } from "./soak/measure.ts";

export const run = (flags: Flags): Promise<Figure[]> =>
  measureSoak(discordSoak, { rate: "10", ...flags });

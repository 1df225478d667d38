import type { Clock } from "../../core/clock.ts";

/** Ids that grow, and say when they were given: https://discord.com/developers/docs/reference#snowflakes */
export function snowflakes(clock: Clock): () => string {
  let last = 0n;
  return () => {
    const next = BigInt(Math.max(0, clock.now() - epochMs)) << 22n;
    last = next > last ? next : last + 1n;
    return String(last);
  };
}

/** When the id was given, milliseconds since the Unix epoch. */
export const givenAt = (id: string): number => Number(BigInt(id) >> 22n) + epochMs;

const epochMs = 1_420_070_400_000;

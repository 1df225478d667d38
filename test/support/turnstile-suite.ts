import { expect } from "vitest";

import type { Turnstile } from "../../src/sessions/turnstile.ts";
import { defineSuite, type SuiteOptions } from "../../src/testing/suite.ts";

/** What every turnstile does. */
export function turnstileSuite(
  options: SuiteOptions & { readonly open: () => Promise<AsyncDisposable & Turnstile> },
): void {
  defineSuite(cases, options);
}

const ttlMs = 60_000;
const channel = (most: number) => ({ name: "channel:c", most });
const user = (most: number) => ({ name: "user:u", most });

const cases: Readonly<Record<string, (turnstile: Turnstile) => Promise<void>>> = {
  "lets so many in, and tells the others how many wait before them": async (turnstile) => {
    const limits = [channel(2)];
    const enter = (id: string, since: number) => turnstile.enter(id, { limits, since, ttlMs });
    expect(await enter("a", 1)).toEqual({ admitted: true });
    expect(await enter("b", 2)).toEqual({ admitted: true });
    expect(await enter("c", 3)).toEqual({ admitted: false, limit: limits[0], ahead: 0 });
    expect(await enter("d", 4)).toEqual({ admitted: false, limit: limits[0], ahead: 1 });
    expect(await turnstile.look("d", limits)).toEqual({ limit: limits[0], ahead: 1 });
    expect(await turnstile.look("a", limits)).toBeUndefined();
  },

  "gives a place to who has waited longest, whoever asks first": async (turnstile) => {
    const limits = [channel(1)];
    const enter = (id: string, since: number) => turnstile.enter(id, { limits, since, ttlMs });
    await enter("a", 1);
    await enter("late", 9);
    await enter("early", 2);
    expect(await turnstile.leave("a", limits)).toEqual(["early"]);
    expect(await enter("late", 9)).toMatchObject({ admitted: false, ahead: 1 });
    expect(await enter("early", 2)).toEqual({ admitted: true });
    expect(await turnstile.leave("early", limits)).toEqual(["late"]);
    expect(await enter("late", 9)).toEqual({ admitted: true });
  },

  "who has places keeps them when it asks again": async (turnstile) => {
    const limits = [channel(1)];
    await turnstile.enter("a", { limits, since: 1, ttlMs });
    expect(await turnstile.enter("a", { limits, since: 5, ttlMs })).toEqual({ admitted: true });
    expect(await turnstile.enter("b", { limits, since: 2, ttlMs })).toMatchObject({
      admitted: false,
    });
  },

  "takes a place at every limit or at none, and holds up nobody at one that it does not wait for":
    async (turnstile) => {
      await turnstile.enter("a", { limits: [user(1)], since: 1, ttlMs });
      const both = [channel(1), user(1)];
      const asked = await turnstile.enter("b", { limits: both, since: 2, ttlMs });
      expect(asked).toEqual({ admitted: false, limit: both[1], ahead: 0 });
      const other = await turnstile.enter("c", { limits: [channel(1)], since: 3, ttlMs });
      expect(other).toEqual({ admitted: true });
      expect(await turnstile.leave("a", [user(1)])).toEqual(["b"]);
      const again = await turnstile.enter("b", { limits: both, since: 2, ttlMs });
      expect(again).toMatchObject({ admitted: false, limit: both[0] });
    },

  "who leaves the line holds up nobody": async (turnstile) => {
    const limits = [channel(1)];
    await turnstile.enter("a", { limits, since: 1, ttlMs });
    await turnstile.enter("b", { limits, since: 2, ttlMs });
    await turnstile.enter("c", { limits, since: 3, ttlMs });
    expect(await turnstile.leave("b", limits)).toEqual([]);
    expect(await turnstile.look("c", limits)).toMatchObject({ ahead: 0 });
    expect(await turnstile.leave("a", limits)).toEqual(["c"]);
  },
};

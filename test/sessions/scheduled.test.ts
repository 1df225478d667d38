import { rm } from "node:fs/promises";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Audit } from "../../src/core/audit.ts";
import { OpsthreadError } from "../../src/core/errors.ts";
import { createAccess, AccessConfig } from "../../src/security/access.ts";
import type { TellSchedules } from "../../src/sessions/tell-schedules.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { manualClock, type ManualClock } from "../../src/testing/manual-clock.ts";
import { sampleMessage } from "../../src/testing/samples.ts";
import { temporaryFolder } from "../store/temporary-folder.ts";
import { World, type WorldOptions } from "./world.ts";

const thread = { platform: "test", workspace: "W1", channel: "C1", thread: "T1" };
let clock: ManualClock;
let folder: string;
let store: Store;

beforeEach(async () => {
  clock = manualClock();
  folder = await temporaryFolder();
  store = await sqliteStore({ folder, clock });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const openWorld = (more: Partial<WorldOptions> = {}): World => new World({ store, clock, ...more });

test("an answer says which messages of schedules its turn had read", async () => {
  await using world = openWorld();
  await world.deliver(
    sampleMessage("by-schedule", thread, { schedule: "nightly", kind: "command" }),
  );
  await world.settle();
  await world.deliver(sampleMessage("by-person", thread));
  await world.settle();

  expect(world.shown.map(({ scheduled }) => scheduled)).toEqual([["by-schedule"], undefined]);
});

test("that is known after a crash, too", async () => {
  // It dies when it has read the message, and before it answers.
  await using world = openWorld({ troubles: new Map([[4, "crash-before"]]) });
  await world.deliver(
    sampleMessage("by-schedule", thread, { schedule: "nightly", kind: "command" }),
  );
  await world.settle();

  expect(world.crashes).toBe(1);
  expect(world.shown.map(({ scheduled }) => scheduled)).toEqual([["by-schedule"]]);
});

test("the reason why a turn failed says so as well", async () => {
  const failing = { maxAttempts: 0 };
  await using world = openWorld({ engine: failing });
  await world.deliver(
    sampleMessage("by-schedule", thread, { schedule: "nightly", kind: "command" }),
  );
  await world.settle();

  expect(world.shown).toMatchObject([{ kind: "notice", scheduled: ["by-schedule"] }]);
});

test('"schedules" is told by the harness, for the channel', async () => {
  const asked: string[] = [];
  const schedules = async ({ channel }: { readonly channel: string }): Promise<string> => {
    asked.push(channel);
    return "- **nightly**";
  };
  await using world = openWorld({ engine: { schedules } });
  await world.deliver(sampleMessage("M1", thread, { text: "schedules" }));
  await world.settle();

  expect(world.shown).toMatchObject([{ kind: "notice", markdown: "- **nightly**" }]);
  expect(asked).toEqual(["C1"]);
});

describe("a schedule in the words of a chat", () => {
  const access = { users: ["test:W1:U1"], approvers: ["test:W1:U2"], channels: ["test:W1:*"] };
  const gate = createAccess(AccessConfig.parse(access));
  /** What was asked for, and what the thread was told of it. */
  async function say(actor: string, text: string) {
    const changes: unknown[] = [];
    const audited: string[] = [];
    const schedules: TellSchedules = async ({ channel }, change) => {
      changes.push([channel, change]);
      if (change?.id === "other") throw new OpsthreadError("CONFIG_INVALID", "there is none here");
      return "Done.";
    };
    const audit: Audit = ({ event }) => void audited.push(event);
    await using world = openWorld({ engine: { schedules, gate, audit } });
    await world.deliver(sampleMessage("M0", thread, { text: "hello" }));
    await world.settle();
    const from = { id: actor, roles: [] };
    await world.deliver(sampleMessage("M1", thread, { actor: from, text, sentAt: 1234 }));
    await world.settle();
    return { changes, audited, told: world.shown.slice(1).map(({ markdown }) => markdown) };
  }

  test.each(["pause", "resume", "run"] as const)("%s is an approver's to say", async (action) => {
    expect(await say("U2", `schedule ${action} nightly`)).toEqual({
      changes: [["C1", { action, id: "nightly", at: 1234 }]],
      audited: ["schedule-changed"],
      told: ["Done."],
    });
  });

  test("who may only use the bot changes none", async () => {
    const { changes, told } = await say("U1", "schedule pause nightly");
    expect([changes, told]).toEqual([[], []]);
  });

  test("what can't be done is told, and is no change", async () => {
    expect(await say("U2", "schedule pause other")).toMatchObject({
      audited: [],
      told: ["there is none here."],
    });
  });
});

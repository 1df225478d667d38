import { expect, test } from "vitest";

import { botScopes } from "../../../src/adapters/slack/manifest.ts";
import { names } from "../../../src/adapters/slack/people/names.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import { eventually, recordingInbound } from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openSlack } from "./open-slack.ts";

const { signal } = new AbortController();
const minutes = 60_000;
const callsOf = (slack: { readonly calls: readonly string[] }, method: string): number =>
  slack.calls.filter((name) => name === method).length;

/** An adapter that knows user groups; UANN is in one of them. */
async function startWithGroups() {
  const clock = manualClock();
  const opened = await openSlack({ clock, userGroups: true });
  const { slack, adapter } = opened;
  slack.userGroup("S0OPS", ["UANN", "UBOB"]);
  slack.userGroup("S0DEV", ["UANN"]);
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const rolesOf = async (user: string): Promise<readonly string[] | undefined> => {
    const count = inbound.messages.length;
    slack.say({ text: "hello", channel: "D0DIRECT1", user });
    await inbound.received(count + 1);
    return inbound.messages.at(-1)?.actor.roles;
  };
  return { ...opened, clock, inbound, rolesOf };
}

test("people are in their user groups, as Slack tells every few minutes", async () => {
  await using opened = await startWithGroups();
  const { slack, clock, rolesOf } = opened;
  expect(await rolesOf("UANN")).toEqual(["S0OPS", "S0DEV"]);
  expect(await rolesOf("UEVE")).toEqual([]);
  expect(callsOf(slack, "usergroups.list")).toBe(1);
  slack.userGroup("S0OPS", []);
  await clock.advance(6 * minutes);
  // Nobody waits for what is known well enough.
  await rolesOf("UBOB");
  await eventually(() => callsOf(slack, "usergroups.list") === 2, "the look-up");
  await eventually(async () => (await rolesOf("UBOB"))?.length === 0, "the change");
  expect(await rolesOf("UANN")).toEqual(["S0DEV"]);
});

test("what is too old is not relied upon: what is said comes again until Slack tells", async () => {
  await using opened = await startWithGroups();
  const { slack, clock, inbound } = opened;
  slack.userGroup("S0OPS", []);
  await clock.advance(16 * minutes);
  slack.faults.call("usergroups.list", { type: "status", status: 503, taken: false });
  slack.say({ text: "hello", channel: "D0DIRECT1", user: "UBOB" });
  await eventually(() => callsOf(slack, "usergroups.list") === 2, "the look-up");
  await slack.roundTrip();
  expect(inbound.messages).toEqual([]);
  expect(slack.pending()).toHaveLength(1);
});

test("where Slack has no groups to tell, nobody is in one, and the bot works on", async () => {
  await using opened = await openSlack({ userGroups: true });
  const { slack, adapter } = opened;
  slack.userGroup("S0OPS", ["UANN"]);
  slack.faults.call("usergroups.list", { type: "error", error: "plan_upgrade_required" });
  const inbound = recordingInbound();
  await adapter.start(inbound);
  slack.say({ text: "hello", channel: "D0DIRECT1", user: "UANN" });
  const [message] = await inbound.received(1);
  expect(message?.actor).toMatchObject({ id: "UANN", roles: [] });
});

test("groups that the token may not read are said so at the start", async () => {
  await using opened = await openSlack({ userGroups: true, scopes: botScopes });
  const started = opened.adapter.start(recordingInbound());
  await expect(started).rejects.toThrow(/lacks the scopes usergroups:read/);
});

test("groups count for commands, buttons and edits as well", async () => {
  await using opened = await startWithGroups();
  const { slack, inbound } = opened;
  slack.command({ text: "logs", user: "UBOB" });
  const place = slack.say({ text: "hello", channel: "D0DIRECT1", user: "UBOB" });
  slack.edit(place, "hi");
  await eventually(() => inbound.revisions.length === 1, "the edit");
  await inbound.received(2);
  const actors = [...inbound.messages, inbound.revisions[0]?.message].map((each) => each?.actor);
  for (const actor of actors) expect(actor?.roles).toEqual(["S0OPS"]);
});

test("people have their names, asked for once however many want to know", async () => {
  await using opened = await openSlack();
  const { slack, adapter, refOf } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const said = ["D0DIRECT1", "C0OPS0001", "C0WEB0001"].map((channel) =>
    slack.say({ text: "hello", channel, mention: true, user: "UANN" }),
  );
  await inbound.received(3);
  const told = said.map(async (place) => await adapter.nameOf?.(refOf(place), "UANN", { signal }));
  expect(await Promise.all(told)).toEqual(["uann", "uann", "uann"]);
  slack.say({ text: "again", channel: "D0DIRECT1", user: "UANN" });
  const messages = await inbound.received(4);
  expect(messages.at(-1)?.actor.name).toBe("uann");
  expect(callsOf(slack, "users.info")).toBe(1);
});

test("no acknowledgement waits for a name, and who wants it only for a moment", async () => {
  const clock = manualClock();
  await using opened = await openSlack({ clock });
  const { slack, adapter, refOf } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  let tell = (): void => {};
  const until = new Promise<void>((resolve) => {
    tell = resolve;
  });
  slack.faults.call("users.info", { type: "slow", until });
  const place = slack.say({ text: "hello", channel: "D0DIRECT1", user: "UANN" });
  for (let count = 0; count < 5; count += 1) slack.say({ ...place, text: "more", user: "UANN" });
  const [message] = await inbound.received(6);
  await eventually(() => slack.pending().length === 0, "the acknowledgements");
  expect(message?.actor).toEqual({ id: "UANN", roles: [] });
  const name = adapter.nameOf?.(refOf(place), "UANN", { signal });
  await clock.advance(501);
  expect(await name).toBeUndefined();
  tell();
  expect(callsOf(slack, "users.info")).toBe(1);
});

test("a process that only answers knows names as well", async () => {
  await using opened = await openSlack();
  const { slack, adapter, refOf } = opened;
  const thread = refOf(slack.say({ text: "hello", mention: true, user: "UANN" }));
  expect(await adapter.nameOf?.(thread, "UANN", { signal })).toBe("uann");
  slack.faults.call("users.info", { type: "error", error: "user_not_found" });
  expect(await adapter.nameOf?.(thread, "UNOBODY", { signal })).toBeUndefined();
});

test("a name that Slack does not tell is asked for again, a minute later", async () => {
  const clock = manualClock();
  await using opened = await openSlack({ clock });
  const { slack, adapter, refOf } = opened;
  const thread = refOf(slack.say({ text: "hello", mention: true, user: "UANN" }));
  const name = () => adapter.nameOf?.(thread, "UANN", { signal });
  slack.faults.call("users.info", { type: "error", error: "fatal_error" });
  expect([await name(), await name()]).toEqual([undefined, undefined]);
  expect(callsOf(slack, "users.info")).toBe(1);
  await clock.advance(minutes);
  expect(await name()).toBe("uann");
});

test("where Slack does not tell what the token may do, names are asked for", async () => {
  await using known = names({ clock: manualClock(), log: silentLogger });
  const identity = { teamId: "T1", userId: "UBOT", botId: "BBOT" };
  const api = { call: async () => ({ ok: true, user: { real_name: "Ann" } }) };
  expect(await known.find("UANN", { api, identity, botToken: "" })).toBe("Ann");
});

test("in a group of people the bot is spoken to by its name", async () => {
  await using opened = await openSlack();
  const { slack, adapter } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  slack.say({ text: "between us", channel: "G0GROUP01" });
  const place = slack.say({ text: "hello", channel: "G0GROUP01", mention: true });
  slack.say({ ...place, text: "and more" });
  const messages = await inbound.received(2);
  await eventually(() => slack.pending().length === 0, "the acknowledgements");
  expect(messages.map(({ kind, text }) => [kind, text])).toEqual([
    ["mention", "hello"],
    ["thread", "and more"],
  ]);
});

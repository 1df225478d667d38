import { describe, expect, test } from "vitest";

import { eventually } from "../../../src/testing/adapter-suite-support.ts";
import { answering, restartTool, tool } from "../../agent/harness.ts";
import { openSlackBot } from "./slack-bot.ts";

/** A tool that runs until it is let go, or stopped. */
function gate() {
  let begun = (): void => {};
  let go = (): void => {};
  const running = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const open = new Promise<void>((resolve) => {
    go = resolve;
  });
  const wait = tool("wait", async ({ signal }) => {
    begun();
    await Promise.race([
      open,
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    ]);
    return "waited";
  });
  return { wait, running, go: () => go() };
}

describe.each(["sockets", "http"] as const)("by %s", (by) => {
  test("what Slack tells several times is answered once, by whichever way it is asked", async () => {
    await using opened = await openSlackBot({ by });
    const { slack, settled, answers } = opened;
    slack.faults.duplicateEvent();
    const mention = slack.say({ text: "help", user: "UANN", mention: true });
    await settled();
    slack.faults.duplicateEvent();
    const direct = slack.say({ text: "help", user: "UGRP", channel: "D0DIRECT1" });
    await settled();
    expect(answers(mention)).toHaveLength(1);
    expect(answers(direct)).toHaveLength(1);
    expect([slack.late, slack.lost]).toEqual([[], []]);
  });

  test("/ops asks in a thread of its own, where the answer and what follows are", async () => {
    await using opened = await openSlackBot({ by });
    const { slack, settled, posts, answers } = opened;
    const asked = slack.command({ text: "logs nothing.log", user: "UANN" });
    const denied = slack.command({ text: "logs", user: "UEVE" });
    const help = slack.command({ text: "", user: "UANN" });
    await settled();
    const [root] = slack.channel("C0OPS0001");
    expect(root?.text).toBe("<@UANN> asks: logs nothing.log");
    const place = { channel: "C0OPS0001", thread: root?.ts ?? "" };
    expect(answers(place)).toHaveLength(1);
    slack.say({ ...place, text: "help", user: "UANN" });
    await settled();
    expect(answers(place)).toHaveLength(2);
    expect(posts(place).length).toBeGreaterThanOrEqual(3);
    expect(asked.shown).toEqual([]);
    expect(denied.shown.join()).toContain("not on the list");
    expect(help.shown.join()).toMatch(/`\/ops logs …`[\s\S]*`\/ops diff …`/);
    expect(slack.channel("C0OPS0001").filter(({ thread_ts }) => !thread_ts)).toHaveLength(1);
  });

  test("🛑 beneath the question stops what runs, ✅ of an approver lets a call run", async () => {
    const { wait, running } = gate();
    const { restart, ran } = restartTool();
    const model = answering([["wait"]], [["restart"]], "It is up again.");
    await using opened = await openSlackBot({ by, model, tools: [wait, restart] });
    const { slack, settled, posts, answers } = opened;
    const place = slack.say({ text: "wait for it", user: "UANN", mention: true });
    await running;
    slack.react(place, { name: "octagonal_sign", user: "UEVE" });
    slack.react(place, { name: "octagonal_sign", user: "UANN" });
    await settled();
    expect(answers(place)).toHaveLength(1);
    expect(answers(place)[0]).toMatch(/[Ss]topped/);

    slack.say({ ...place, text: "restart it", user: "UANN" });
    await settled();
    const card = posts(place).find(({ buttons }) => buttons.length > 0);
    const cardPlace = { channel: place.channel, ts: card?.ts ?? "" };
    slack.react(cardPlace, { name: "white_check_mark", user: "UANN" });
    await settled();
    await eventually(() => slack.whispers(place).length === 1, "the refusal");
    expect(ran).toEqual([]);
    slack.react(cardPlace, { name: "white_check_mark", user: "UBOB" });
    await settled();
    expect(ran).toEqual(["restart"]);
    expect(answers(place).at(-1)).toContain("It is up again.");
  });

  test("what is edited or deleted before a turn reads it is read as it is then", async () => {
    const { wait, running, go } = gate();
    const asked: string[] = [];
    const model = answering([["wait"]], "first done", "second done");
    const listening: typeof model = {
      ...model,
      respond(request, given) {
        asked.push(JSON.stringify(request));
        return model.respond(request, given);
      },
    };
    await using opened = await openSlackBot({ by, model: listening, tools: [wait], mode: "queue" });
    const { slack, settled, answers } = opened;
    const place = slack.say({ text: "wait", user: "UANN", mention: true });
    await running;
    const edited = slack.say({ ...place, text: "delte it all", user: "UANN" });
    const deleted = slack.say({ ...place, text: "the password is hunter2", user: "UANN" });
    await eventually(() => slack.pending().length === 0, "the acknowledgements");
    slack.edit(edited, "delete nothing");
    slack.remove(deleted);
    slack.edit(place, "too late");
    await eventually(() => slack.pending().length === 0, "the acknowledgements");
    go();
    await settled();
    expect(answers(place)).toHaveLength(2);
    const last = asked.at(-1) ?? "";
    expect(last).toContain("delete nothing");
    expect(last).toContain('"wait"');
    for (const gone of ["delte", "hunter2", "too late"]) expect(last).not.toContain(gone);
  });

  test("what could not be stored is told again, and answered once", async () => {
    await using opened = await openSlackBot({ by });
    const { slack, bot, settled, answers } = opened;
    const accept = bot.store.accept.bind(bot.store);
    let failures = 1;
    Object.assign(bot.store, {
      accept: async (...args: Parameters<typeof accept>) => {
        failures -= 1;
        if (failures >= 0) throw new Error("The disk is full");
        return accept(...args);
      },
    });
    const place = slack.say({ text: "help", user: "UANN", channel: "D0DIRECT1" });
    await settled();
    expect(failures).toBeLessThan(0);
    expect(answers(place)).toHaveLength(1);
    expect(slack.lost).toEqual([]);
  });
});

test("a button that is pressed while Slack asks for a new connection is not lost", async () => {
  const { restart, ran } = restartTool();
  const model = answering([["restart"]], "It is up again.");
  await using opened = await openSlackBot({ model, tools: [restart] });
  const { slack, settled, posts } = opened;
  const place = slack.say({ text: "restart web", user: "UANN", mention: true });
  await settled();
  const card = posts(place).find(({ buttons }) => buttons.length > 0);
  slack.refresh();
  slack.press({
    channel: place.channel,
    ts: card?.ts ?? "",
    label: "Approve once",
    user: "UBOB",
  });
  await settled();
  expect(ran).toEqual(["restart"]);
  expect([slack.late, slack.lost]).toEqual([[], []]);
});

import { expect, test } from "vitest";

import { eventually } from "../../../src/testing/adapter-suite-support.ts";
import { answering, restartTool, tool } from "../../agent/harness.ts";
import { openSlackBot } from "./slack-bot.ts";

test("a mention with two logs is worked on and answered beneath it, with the report as a file", async () => {
  await using opened = await openSlackBot();
  const { slack, settled, posts } = opened;
  const log = (service: string): { name: string; bytes: Buffer } => ({
    name: `${service}.log`,
    bytes: Buffer.from(
      `2026-11-26T10:00:00Z INFO up\n2026-11-26T10:00:01Z ERROR ${service}: <!channel> disk is full\n`,
    ),
  });
  const place = slack.say({
    text: "what went wrong?",
    user: "UANN",
    mention: true,
    files: [log("web"), log("db")],
  });
  await settled();

  const answer = posts(place).find(({ metadata }) => metadata?.event_type === "opsthread_post");
  expect(answer?.text).toContain("disk is full");
  expect(answer?.text).not.toContain("<!channel>");
  expect(posts(place).flatMap(({ files }) => files).length).toBeGreaterThan(0);
  // Its progress has gone.
  expect(
    posts(place).filter(({ metadata }) => metadata?.event_type === "opsthread_progress"),
  ).toEqual([]);

  const before = posts(place).length;
  slack.say({ text: "help", user: "UANN", ...place });
  await settled();
  expect(posts(place).length).toBeGreaterThan(before);
  expect(slack.late).toEqual([]);
});

test("a call that needs approval waits for the button of an approver, and runs once", async () => {
  const { restart, ran } = restartTool();
  const model = answering([["restart", { service: "web" }]], "It is up again.");
  await using opened = await openSlackBot({ model, tools: [restart] });
  const { slack, settled, posts } = opened;
  const place = slack.say({ text: "restart web", user: "UANN", mention: true });
  await settled();
  const card = posts(place).find(({ buttons }) => buttons.length > 0);
  const press = async (user: string): Promise<void> => {
    slack.press({ channel: place.channel, ts: card?.ts ?? "", label: "Approve once", user });
    await settled();
  };
  expect(ran).toEqual([]);

  await press("UANN");
  await eventually(() => slack.whispers(place).length === 1, "the refusal");
  expect(slack.whispers(place)).toEqual(["Only an approver may do this"]);
  expect(ran).toEqual([]);

  await press("UBOB");
  expect(ran).toEqual(["restart"]);
  expect(posts(place).at(-1)?.text).toContain("It is up again.");
  const decided = posts(place).find(({ ts }) => ts === card?.ts);
  expect(decided?.buttons).toEqual([]);
  expect(decided?.text).toMatch(
    /^🔐 \*The agent asks to call restart\*[^]*✅ Approved once by <@UBOB>$/,
  );
  expect(decided?.text).not.toContain("Only an approver");
});

test("a card says who decided, also when that was said in words", async () => {
  const model = answering([["restart"]], "Then not.");
  const restart = { ...tool("restart", async () => "restarted"), needsApproval: true };
  await using opened = await openSlackBot({ model, tools: [restart] });
  const { slack, settled, posts } = opened;
  const place = slack.say({ text: "restart web", user: "UANN", mention: true });
  await settled();
  slack.say({ text: "deny", user: "UBOB", ...place });
  await settled();
  const [card, ...rest] = posts(place);
  expect(card).toMatchObject({
    buttons: [],
    text: expect.stringContaining("🚫 Denied by <@UBOB>"),
  });
  expect(rest.at(-1)?.text).toContain("Then not.");
});

test("a card that was withdrawn says who asked to stop, and can't be answered", async () => {
  const restart = { ...tool("restart", async () => "restarted"), needsApproval: true };
  await using opened = await openSlackBot({ model: answering([["restart"]]), tools: [restart] });
  const { slack, settled, posts } = opened;
  const place = slack.say({ text: "restart web", user: "UANN", mention: true });
  await settled();
  expect(posts(place)[0]?.buttons.length).toBeGreaterThan(0);
  slack.say({ text: "stop", user: "UANN", ...place });
  await settled();
  expect(posts(place)[0]).toMatchObject({
    buttons: [],
    text: expect.stringContaining("🚫 Withdrawn: <@UANN> asked to stop"),
  });
});

test("who is not on the list is told so alone, and nothing is posted", async () => {
  await using opened = await openSlackBot();
  const { slack, settled, posts } = opened;
  const place = slack.say({ text: "what went wrong?", user: "UEVE", mention: true });
  await settled();
  await eventually(() => slack.whispers(place).length === 1, "the refusal");
  expect(posts(place)).toEqual([]);
});

test("stop ends what runs, and an answer whose post was cut comes once", async () => {
  let begun = (): void => {};
  const running = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const wait = tool("wait", async ({ signal }) => {
    begun();
    await new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    return "never";
  });
  const model = answering([["wait"]], "answered");
  await using opened = await openSlackBot({ model, tools: [wait] });
  const { slack, settled, posts } = opened;
  const place = slack.say({ text: "wait for it", user: "UANN", mention: true });
  await running;
  // No acknowledgement waits for the turn.
  slack.say({ text: "hurry", user: "UANN", ...place });
  await eventually(() => slack.pending().length === 0, "the acknowledgements");
  slack.say({ text: "stop", user: "UANN", ...place });
  await settled();
  const stopped = posts(place).length;
  expect(stopped).toBeGreaterThan(0);

  const isAnswer = (args: URLSearchParams): boolean =>
    args.get("metadata")?.includes("opsthread_post") ?? false;
  slack.faults.call("chat.postMessage", { type: "drop", taken: true }, isAnswer);
  slack.say({ text: "and now?", user: "UANN", ...place });
  await eventually(() => slack.calls.includes("conversations.replies"), "the look-up");
  await settled();
  expect(posts(place).filter(({ text }) => text.includes("answered"))).toHaveLength(1);
});

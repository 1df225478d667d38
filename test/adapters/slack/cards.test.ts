import { expect, test } from "vitest";

import type { ApprovalOutcome } from "../../../src/adapters/adapter.ts";
import { noArtifacts, postInto } from "../../../src/testing/adapter-suite-support.ts";
import { openSlack } from "./open-slack.ts";

const { signal } = new AbortController();
const approval = {
  approvalId: "1abcde",
  title: "The agent asks to call restart",
  code: "restart web",
  facts: [{ name: "Expires", value: "2026-11-26 10:00 UTC" }],
  choices: ["once", "deny"] as const,
};

async function withCard(key: string) {
  const opened = await openSlack();
  const { slack, adapter, refOf } = opened;
  const thread = refOf(slack.say({ text: "restart it", mention: true }));
  const post = postInto(thread, { key, kind: "approval", approval });
  await adapter.post(post, { signal, open: noArtifacts });
  const close = (outcome: ApprovalOutcome) => adapter.closeApproval?.(thread, outcome, { signal });
  return { ...opened, close, card: () => slack.thread(thread).at(-1) };
}

test.each([
  [
    { type: "decided", choice: "once", by: { id: "UBOB", name: "Bob" } },
    "✅ Approved once by <@UBOB>",
  ],
  [
    { type: "decided", choice: "deny", by: { id: "x", name: "<!here>" } },
    "🚫 Denied by &lt;!here&gt;",
  ],
  [{ type: "withdrawn", by: { id: "UANN", name: "Ann" } }, "🚫 Withdrawn: <@UANN> asked to stop"],
  [{ type: "withdrawn" }, "🚫 Withdrawn"],
  [{ type: "expired" }, "⌛ Expired: nobody answered in time"],
] as const)("of a card that is %o its buttons go, and it says so", async (outcome, said) => {
  await using opened = await withCard("k1");
  expect(opened.card()?.buttons).toEqual(["Approve once", "Deny"]);
  await opened.close({ key: "k1", ...outcome });
  const { buttons, text = "" } = opened.card() ?? {};
  expect(buttons).toEqual([]);
  expect(text.endsWith(`\n${said}`)).toBe(true);
  expect(text).toContain("restart web");
  expect(text).not.toContain("Only an approver");
});

test("a card that is closed already, or is not there, is left as it is", async () => {
  await using opened = await withCard("k1");
  const changes = () => opened.slack.calls.filter((method) => method === "chat.update").length;
  await opened.close({ key: "k2", type: "expired" });
  expect(changes()).toBe(0);
  await opened.close({ key: "k1", type: "withdrawn" });
  await opened.close({ key: "k1", type: "expired" });
  expect(changes()).toBe(1);
  expect(opened.card()?.text).toContain("Withdrawn");
});

test("a Slack that can't be reached does not matter to whoever decided", async () => {
  await using opened = await withCard("k1");
  opened.slack.faults.call("chat.update", { type: "status", status: 503, taken: false });
  await opened.close({ key: "k1", type: "expired" });
  expect(opened.card()?.buttons).toHaveLength(2);
  await opened.close({ key: "k1", type: "expired" });
  expect(opened.card()?.buttons).toEqual([]);
});

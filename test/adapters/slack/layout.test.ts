import { expect, test } from "vitest";

import { layOut } from "../../../src/adapters/slack/layout.ts";
import type { ApprovalCard, Post } from "../../../src/core/post.ts";
import { sampleThread } from "../../../src/testing/samples.ts";
import { checkBlocks, textsOf } from "../../../src/testing/slack-twin/blocks.ts";

const postOf = (post: Partial<Post>): Post => ({
  key: "k",
  sessionId: "s",
  thread: sampleThread("1"),
  turn: 1,
  kind: "answer",
  markdown: "",
  artifacts: [],
  ...post,
});
/** As Slack takes it. */
const blocksOf = (post: Partial<Post>): readonly object[] =>
  layOut(postOf(post)).messages.flatMap(({ blocks }) => {
    checkBlocks(blocks);
    return blocks;
  });
const card: ApprovalCard = {
  approvalId: "1abcde",
  title: "The agent asks to call `shell`",
  code: "rm -rf /tmp/x\n```\n<!channel>",
  facts: [
    { name: "Because of", value: "`rm` is <new>" },
    { name: "Expires", value: "2026-11-26 10:00 UTC" },
  ],
  choices: ["once", "session", "deny"],
};

test("big headings and rules are Slack's own blocks, and everything else is text", () => {
  const markdown = [
    "# What went wrong",
    "The disk is *full*.",
    "",
    "---",
    "## Next **steps**",
    "Underlined",
    "---",
    "```",
    "# in code",
    "---",
    "```",
    "> # quoted",
    "",
    "- # listed",
    "",
    "### small",
  ].join("\n");
  expect(blocksOf({ markdown })).toMatchObject([
    { type: "header", text: { type: "plain_text", text: "What went wrong" } },
    { type: "section", text: { text: "The disk is _full_." } },
    { type: "divider" },
    {
      type: "section",
      text: {
        text: expect.stringMatching(
          /^\*?Next \*?steps\*?\n\n\*Underlined\*\n\n```\n# in code\n---\n```\n\n> \*quoted\*\n\n• \*listed\*\n\n\*small\*$/,
        ),
      },
    },
  ]);
});

test("an approval says what, why, how and until when, then come its buttons", () => {
  const [title, code, facts, how, buttons, ...more] = blocksOf({
    kind: "approval",
    markdown: "said in words",
    approval: card,
  });
  expect(title).toMatchObject({ text: { text: "🔐 *The agent asks to call `shell`*" } });
  expect(textsOf([code])[0]).toContain("rm -rf /tmp/x");
  expect(textsOf([code])[0]).not.toContain("<!channel>");
  expect(facts).toMatchObject({
    fields: [
      { text: "*Because of*\n`rm` is &lt;new&gt;" },
      { text: "*Expires*\n2026-11-26 10:00 UTC" },
    ],
  });
  expect(textsOf([how])[0]).toContain("approve 1abcde · approve 1abcde session · deny 1abcde");
  expect(buttons).toMatchObject({ type: "actions" });
  expect(more).toEqual([]);
});

test("no approval is too much for Slack", () => {
  const facts = Array.from({ length: 25 }, (_, index) => ({
    name: `fact ${index}`,
    value: "<&>".repeat(2000),
  }));
  const huge = { ...card, title: "<".repeat(5000), code: "&".repeat(3000), facts };
  const blocks = blocksOf({ kind: "approval", approval: huge });
  expect(blocks.length).toBeGreaterThan(5);
  for (const text of textsOf(blocks)) expect(text.length).toBeLessThanOrEqual(3000);
});

test("what a turn took stands below, small", () => {
  const usage = { steps: 2, inputTokens: 10, outputTokens: 5, ms: 1000 };
  expect(blocksOf({ markdown: "Done.", usage }).at(-1)).toMatchObject({
    type: "context",
    elements: [{ text: "2 steps · 15 tokens · 1 s" }],
  });
});

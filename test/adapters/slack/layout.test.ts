import { expect, test } from "vitest";

import { layOut } from "../../../src/adapters/slack/layout.ts";
import { spoken } from "../../../src/adapters/slack/spoken.ts";
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

test("a failure says what, why in its own words, and what can be done now", () => {
  const notice = {
    type: "failed",
    title: "I could not finish this",
    detail: "the model said *no*:\n```\n<!channel>",
    hint: "Nothing is lost; ask again.",
  } as const;
  const usage = { steps: 2, inputTokens: 10, outputTokens: 5, ms: 1000 };
  const markdown = "I could not finish this: the model said *no*. Nothing is lost; ask again.";
  const post = { kind: "notice", markdown, notice, usage } as const;
  const [title, detail, hint, took, ...more] = blocksOf(post);
  expect(title).toMatchObject({ text: { text: "⚠️ *I could not finish this*" } });
  expect(textsOf([detail])[0]).toMatch(/^```\nthe model said \*no\*:\n[^]*&lt;!channel&gt;\n```$/);
  expect(hint).toMatchObject({
    type: "context",
    elements: [{ text: "Nothing is lost; ask again." }],
  });
  expect(took).toMatchObject({ type: "context" });
  expect(more).toEqual([]);
  // A notification says why.
  expect(layOut(postOf(post)).messages[0]?.text).toContain("the model said _no_");
});

test("a stop says who asked for it, and what became of what ran", () => {
  const notice = {
    type: "stopped",
    title: "Stopped, as <!here> & *Ann* asked",
    detail: "What was begun is not finished.",
  } as const;
  const blocks = blocksOf({ kind: "notice", markdown: "Stopped.", notice });
  expect(textsOf(blocks)).toEqual([
    "🛑 Stopped, as &lt;!here&gt; &amp; *Ann* asked",
    "What was begun is not finished.",
  ]);
});

test("no notice is too much for Slack", () => {
  const notice = {
    type: "failed",
    title: "<".repeat(5000),
    detail: "&".repeat(20_000),
    hint: "`".repeat(5000),
  } as const;
  for (const { blocks, text } of layOut(postOf({ kind: "notice", notice })).messages) {
    checkBlocks(blocks);
    expect(text.length).toBeLessThanOrEqual(3000);
  }
});

test("the adapter's own words are blocks too, unless they are too long for those", () => {
  const lines = Array.from({ length: 60 }, (_, index) => `line ${index} ${"x".repeat(100)}`);
  const { text, blocks = [] } = spoken(lines.join("\n"));
  expect(textsOf(checkBlocks(blocks)).join("\n")).toBe(text);
  for (const long of ["x".repeat(3001), "x".repeat(2000).concat("\n").repeat(5)])
    expect(spoken(long)).toEqual({ text: long });
});

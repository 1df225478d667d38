import fc from "fast-check";
import { expect, test } from "vitest";

import { layOut } from "../../../src/adapters/slack/layout.ts";
import type { Post } from "../../../src/core/post.ts";
import { sampleThread } from "../../../src/testing/samples.ts";
import { checkBlocks, textsOf } from "../../../src/testing/slack-twin/blocks.ts";

/** Whatever a model writes, after whatever it read. */

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

/** What calls people, and ways to write it. */
const calls = fc.constantFrom(
  "<!channel>",
  "<!here|here>",
  "<!everyone>",
  "<@U0PERSON1>",
  "<!subteam^S0OPS>",
  "<#C0OPS0001>",
  "&lt;!channel&gt;",
  "&#60;!here&#62;",
  "\\<!channel\\>",
  "[x](<!channel>)",
  "[<!here>](https://a.example)",
  "![<@U0PERSON1>](https://a.example/<!here>)",
  "[x](https://a.example|<!channel>)",
  "<https://a.example|<!channel>>",
  "`<!channel>`",
  "<!--<!channel>-->",
  "<a href='<!here>'>",
  "[r]: <!channel>",
  "<<!channel>>",
  "<mailto:a@b.c|<!here>>",
);
const marks = fc.constantFrom(
  "*",
  "**",
  "_",
  "__",
  "~~",
  "`",
  "``",
  "```",
  "~~~",
  "\n```\n",
  "\n~~~js\n",
  "\n",
  "\n\n",
  "  \n",
  "> ",
  "\n> > ",
  "\n- ",
  "\n  1. ",
  "\n- [x] ",
  "\n# ",
  "\n###### ",
  "\n---\n",
  "\n===\n",
  "| ",
  " | ",
  "|\n",
  "\n| a | b |\n|---|:-:|\n| ",
  "[",
  "](",
  ")",
  "(https://a.example/x_y)",
  "![",
  "<",
  ">",
  "&",
  "&amp;",
  "\\",
  "\t",
  "    ",
  "<br>",
  "<b>",
  "\u0000",
  "\u202e",
  "\u200b",
  "\ud800",
  "\udc00",
  "👩‍👩‍👧‍👦",
  "é",
  "漢字",
  "@here",
  "@channel",
  "!",
  "^",
  "$",
  "http://b.example",
);
let count = 0;
const words = fc.constant(undefined).map(() => ` w${(count += 1)}% `);
const long = fc
  .tuple(
    fc.constantFrom("x", "<", "&", "`", "| ", "漢", "> ", "- ", "\ud83d\ude00", "[a](b) "),
    fc.nat(4000),
  )
  .map(([piece, times]) => piece.repeat(times));
const markdown = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: words },
      { weight: 6, arbitrary: marks },
      { weight: 2, arbitrary: calls },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 30 }) },
      { weight: 1, arbitrary: long },
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(""));

const callsSomebody = /<[!@#]/;

test("whatever a post says, Slack takes it, and it calls nobody", () => {
  fc.assert(
    fc.property(markdown, (text) => {
      for (const message of layOut(postOf({ markdown: text })).messages) {
        checkBlocks(message.blocks);
        expect(message.blocks.length).toBeLessThanOrEqual(50);
        expect(message.text.length).toBeLessThanOrEqual(4000);
        for (const said of [message.text, ...textsOf(message.blocks)])
          expect(said).not.toMatch(callsSomebody);
      }
    }),
    { numRuns: 60 },
  );
});

test("no word of a post is lost, whatever stands around it", () => {
  fc.assert(
    fc.property(markdown, (text) => {
      const { messages, whole } = layOut(postOf({ markdown: text }));
      // A word may be cut where a line is longer than a section.
      const shown = whole?.text ?? messages.flatMap(({ blocks }) => textsOf(blocks)).join("");
      const seen = new Set(shown.match(/w\d+%/g));
      const lost = (text.match(/(?<= )w\d+%(?= )/g) ?? []).filter((word) => !seen.has(word));
      expect(lost).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

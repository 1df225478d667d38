import fc from "fast-check";
import { expect, test } from "vitest";

import { mrkdwn } from "../../../src/adapters/slack/mrkdwn.ts";
import { maxSection, sectionsOf } from "../../../src/adapters/slack/sections.ts";
import { renderMarkdown } from "../../../src/adapters/text/markdown.ts";

const render = (markdown: string): string => renderMarkdown(markdown, mrkdwn);

test("formatting becomes Slack's", () => {
  expect(
    render("# Title\n\n**bold** *slanted* ~~gone~~ `code` [here](https://example.com/a?b=1&c=2)"),
  ).toBe("*Title*\n\n*bold* _slanted_ ~gone~ `code` <https://example.com/a?b=1&amp;c=2|here>");
  expect(render("- one\n- [x] two\n\n1. three\n\n> said")).toBe(
    "• one\n• ☑ two\n\n1. three\n\n> said",
  );
});

test.each([
  "<!channel> <!here> <!everyone> <@U1> <#C1> <!subteam^S1>",
  "[x](!channel) [y](<!here>) [z](@U1) <!channel|x>",
  "`<!channel>`\n\n```\n<!here>\n```",
  "![<!channel>](https://example.com/<!here>)",
  "| <!channel> | b |\n|---|---|\n| <@U1> | [x](https://a.example/|!here) |",
  "[<!channel>](https://example.com)",
  "&lt;!channel&gt; &#60;!here>",
])("nothing that a model writes calls anybody: %s", (markdown) => {
  const text = sectionsOf(markdown).join("\n");
  expect(text).not.toMatch(/<[!@#]/);
});

test("a fence inside of a block of code does not end it", () => {
  const text = render("````\nbefore\n```\nafter\n````");
  expect(text.match(/```/g)).toHaveLength(2);
  expect(text).toContain("after");
});

test("a table keeps its columns, also where its text is escaped", () => {
  expect(render("| name | n |\n|---|--:|\n| a<b | 1 |\n| longer | 22 |")).toBe(
    ["```", "name      n", "──────  ───", "a&lt;b       1", "longer   22", "```"].join("\n"),
  );
});

test("sections are never too long, whatever is in them, and words are not lost", () => {
  const word = fc.constantFrom(
    "a&b",
    "<x>",
    "word",
    "`c`",
    "**b**",
    "\n\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n",
    "```\n",
    "\ud800",
  );
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 400 }),
      fc.integer({ min: 1, max: 40 }),
      (words, times) => {
        const marked = words.map((text, index) => `${text} w${index} `).join("");
        const sections = sectionsOf(marked.repeat(times));
        for (const section of sections) expect(section.length).toBeLessThanOrEqual(maxSection);
        const seen = sections.join("\n").match(/w\d+/g) ?? [];
        expect(seen.length).toBe(words.length * times);
      },
    ),
    { numRuns: 40 },
  );
});

test("a wide table that grows when it is drawn is split until it fits", () => {
  const row = `| ${"x".repeat(80)} | y |\n`;
  const sections = sectionsOf(`| a | b |\n|---|---|\n${"| 1 | 2 |\n".repeat(250)}${row}`);
  for (const section of sections) expect(section.length).toBeLessThanOrEqual(maxSection);
  expect(sections.join("\n").match(/\b1\b/g)).toHaveLength(250);
});

test.each([
  ["what looks like a definition", "[ERROR]: disk-full\n\nmore", "[ERROR]: disk-full\n\nmore"],
  [
    "a definition that a link goes by is in the link",
    "[here][1]\n\n[1]: https://a.example",
    "<https://a.example|here>",
  ],
  [
    "the pipes of a command in a table",
    "| step | command |\n|---|---|\n| 1 | ps | grep web | wc |",
    "1     ps | grep web | wc",
  ],
  ["what stands where a language should", "``` exit code 1\nx\n```", "```\nexit code 1\nx\n```"],
])("Markdown would leave it out, and it stays: %s", (_, markdown, shown) => {
  expect(sectionsOf(markdown).join("\n")).toContain(shown);
});

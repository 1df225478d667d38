import fc from "fast-check";
import { expect, test } from "vitest";

import { discordMarkdown } from "../../../src/adapters/discord/markdown.ts";
import { maxText, textsOf } from "../../../src/adapters/discord/texts.ts";
import { threadName } from "../../../src/adapters/discord/thread-name.ts";
import { renderMarkdown } from "../../../src/adapters/text/markdown.ts";

const render = (markdown: string): string => renderMarkdown(markdown, discordMarkdown);

test.each([
  ["**bold** *slanted* ~~gone~~ `code`", "**bold** *slanted* ~~gone~~ `code`"],
  ["# One\n\n#### Four", "# One\n\n### Four"],
  ["2 * 3 * 4 and a_b_c", String.raw`2 \* 3 \* 4 and a\_b\_c`],
  ["`` a`b ``", "``a`b``"],
  ["- [x] done\n- [ ] open\n  - inner", "- ☑ done\n- ☐ open\n  - inner"],
  ["3. three\n4. four", "3. three\n4. four"],
  ["> said\n> so", "> said\n> so"],
  ["[docs](https://a.b/c_(d)?e=f)", "[docs](<https://a.b/c_%28d%29?e=f>)"],
  ["<https://a.b/x_y_z>", "<https://a.b/x_y_z>"],
  ["[https://evil.example](https://good.example)", "<https://good.example>"],
  ["[run](javascript:alert(1))", "run (javascript:alert(1))"],
  [
    "hello <@123> <@&456> <#789> <:x:1> @everyone",
    String.raw`hello \<@123> \<@&456> \<#789> \<:x:1> @` + "\u200beveryone",
  ],
  ["```js\nlet x = `a`;\n```", "```js\nlet x = `a`;\n```"],
])("%o becomes %o", (markdown, expected) => {
  expect(render(markdown)).toBe(expected);
});

test("a table is drawn as code; one that is too wide becomes lines", () => {
  const table = "| service | errors |\n|---|--:|\n| web_1 | 12 |";
  expect(render(table)).toBe("```\nservice  errors\n───────  ──────\nweb_1        12\n```");
  const wide = `| a | b |\n|---|---|\n| ${"x".repeat(60)} | ${"y".repeat(60)} |`;
  expect(render(wide)).toBe(`**a:** ${"x".repeat(60)}\n**b:** ${"y".repeat(60)}`);
});

test("a fence in a block of code does not end it", () => {
  expect(render("````\n```\ninner\n```\n````").match(/```/g)).toHaveLength(2);
});

test("whatever is written, no text is too long, each fence is closed, and every word is there", () => {
  const piece = fc.oneof(
    fc.stringMatching(/^[a-z0-9 ]{1,300}$/),
    fc.constantFrom(
      "\n\n",
      "```\n",
      "```js\n",
      "| a | b |\n|---|---|\n| c | d |\n",
      "- ",
      "> ",
      "*",
      "_",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const markdown = pieces.join("");
      const texts = textsOf(markdown);
      for (const text of texts) {
        expect(text.length).toBeLessThanOrEqual(maxText);
        expect((text.match(/^```/gm)?.length ?? 0) % 2).toBe(0);
      }
      const letters = (text: string): string =>
        text.replaceAll(/```(?:js)?/g, "").replaceAll(/[^0-9]/g, "");
      expect(letters(texts.join("\n"))).toBe(letters(markdown));
    }),
    { numRuns: 200 },
  );
});

test.each([
  ["<@123> what broke **web**?", "what broke web?"],
  ["\n\n```\n\nsecond line", "second line"],
  ["", "Opsthread"],
  ["<@123>", "Opsthread"],
  ["see https://grafana.example.com/d/abc?x=y now", "see grafana.example.com now"],
  ["<:fire:123456> is burning", ":fire: is burning"],
  ["line\u202Egnp.exe", "line\ufffdgnp.exe"],
])("the thread of %o is called %o", (asked, name) => {
  expect(threadName(asked)).toBe(name);
});

test("a long name is cut at a word, an emoji is not cut at all", () => {
  expect(threadName("word ".repeat(40))).toMatch(/^(word )+word…$/);
  for (const text of ["word ".repeat(40), "👩‍👧".repeat(60), "x".repeat(300)])
    expect(threadName(text).length).toBeLessThanOrEqual(100);
  expect(threadName("👩‍👧".repeat(60))).toMatch(/^(👩‍👧)+…$/u);
});

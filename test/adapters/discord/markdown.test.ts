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
  ["\\<@123> \\@everyone", String.raw`\<@123> @` + "\u200beveryone"],
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

/** Markdown of words `w0 w1 …` in their order, between marks of all kinds; words of `name` would call somebody. */
const markdowns = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 60 }) },
      fc.constantFrom(
        "\n",
        "\n\n",
        "\n```\n",
        "\n```js\n",
        "\n~~~\n",
        "\n````\n",
        // In a table's row Markdown itself leaves out what is beyond its columns.
        "\n| a | b |\n|---|---|\n| c | d |\n\n",
        "\n- ",
        "\n1. ",
        "\n> ",
        "\n# ",
        "*",
        "**",
        "_",
        // With blanks, so that no words come behind a fence: Markdown itself leaves those out.
        " ~~",
        " `",
        " ``",
        "||",
        "[",
        "](https://a.example/x)",
        "<https://a.example>",
        "\\",
        "<",
        ">",
        "&",
        "\ud83d\udc69\u200d\ud83d\udc67",
        "\ud83d",
        "\u202e",
        "<@80351110224678912>",
        "<@!80351110224678912>",
        "<@&80351110224678912>",
        "<#80351110224678912>",
        "</ops:80351110224678912>",
        "@everyone",
        "@here",
      ),
    ),
    { maxLength: 80 },
  )
  .map((parts) => {
    let count = 0;
    const words = (many: number): string =>
      Array.from({ length: many }, () => `w${count++}`).join(" ");
    return parts.map((part) => (typeof part === "number" ? ` ${words(part)} ` : part)).join("");
  });

const wordsOf = (text: string): readonly string[] => text.match(/w\d+/g) ?? [];
/** What is outside of code: there nothing has a meaning. */
const outsideCode = (text: string): string =>
  text.replaceAll(/```[\s\S]*?```/g, "").replaceAll(/(?<!\\)(`+)[^`][\s\S]*?\1/g, "");

test("whatever is written, no text is too long, each fence is closed, and every word is there, in its order", () => {
  fc.assert(
    fc.property(markdowns, (markdown) => {
      const texts = textsOf(markdown);
      for (const text of texts) {
        expect(text.length).toBeLessThanOrEqual(maxText);
        expect(text.trim()).not.toBe("");
        expect((text.match(/```/g)?.length ?? 0) % 2).toBe(0);
        expect(Buffer.from(text).toString()).toBe(text);
      }
      expect(wordsOf(texts.join("\n"))).toEqual(wordsOf(markdown));
    }),
    { numRuns: 150 },
  );
});

test("whatever is written names nobody, calls nobody, and is no command", () => {
  fc.assert(
    fc.property(markdowns, (markdown) => {
      for (const text of textsOf(markdown).map(outsideCode)) {
        expect(text).not.toMatch(/(?<!\\)(?:\\\\)*<(?:@[!&]?|#|\/\w+:)\d+>/);
        expect(text).not.toMatch(/@(?:everyone|here)/);
      }
    }),
    { numRuns: 150 },
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

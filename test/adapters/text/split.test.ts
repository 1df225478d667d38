import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { splitMarkdown } from "../../../src/adapters/text/split.ts";
import type { MarkdownPiece } from "../../../src/adapters/text/split.ts";

const fragments = [
  "```",
  "````",
  "~~~",
  "```js\n",
  "\n```\n",
  "\n~~~~\n",
  "`",
  "``",
  "`code`",
  "\n",
  "\n\n",
  "\r\n",
  "\r",
  " ",
  "  ",
  "    ",
  "\t",
  "# Head\n",
  "- ",
  "1. ",
  "> ",
  "> > ",
  "| a | b |\n",
  "|---|---|\n",
  "---\n",
  "[link](https://example.org/a)",
  "![i](x)",
  "[",
  "](",
  ")",
  "<http://a.b>",
  "\\",
  "word ",
  "Sentence. ",
  "👨‍👩‍👧‍👦",
  "🇩🇪",
  "é",
  "e\u0301\u0302",
  "漢字。",
  "\ud800",
  "x".repeat(50),
  "`".repeat(40),
];
const markdown = fc.oneof(
  fc.array(fc.constantFrom(...fragments), { maxLength: 120 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 400 }),
);
const maxLength = fc.oneof(fc.integer({ min: 32, max: 80 }), fc.integer({ min: 32, max: 2000 }));

describe("splitMarkdown()", () => {
  test("loses and changes nothing, whatever the text is", () => {
    fc.assert(
      fc.property(markdown, maxLength, (text, max) => {
        const pieces = splitMarkdown(text, { maxLength: max });
        expect(sourceOf(pieces)).toBe(text);
        for (const piece of pieces) {
          expect(piece.text.length).toBeLessThanOrEqual(max);
          expect(isSourceWithinFenceLines(piece)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("balances the fences of every piece", () => {
    const flat = fragments.filter((part) => !/^(?:[-|>]|1\.|\t| {4})/.test(part));
    const text = fc.array(fc.constantFrom(...flat), { maxLength: 120 });
    fc.assert(
      fc.property(text, maxLength, (parts, max) => {
        for (const piece of splitMarkdown(parts.join(""), { maxLength: max })) {
          expect(openFence(piece.text)).toBe(undefined);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("counts as the platform counts", () => {
    const measure = (part: string): number => Buffer.byteLength(part.replaceAll("&", "&amp;"));
    fc.assert(
      fc.property(markdown, maxLength, (text, max) => {
        const pieces = splitMarkdown(text, { maxLength: max, measure });
        expect(sourceOf(pieces)).toBe(text);
        for (const piece of pieces) expect(measure(piece.text)).toBeLessThanOrEqual(max);
      }),
    );
  });

  test("breaks no surrogate pair", () => {
    const astral = fc.string({ unit: fc.constantFrom("😀", "𝒳", "a", " "), minLength: 60 });
    fc.assert(
      fc.property(astral, maxLength, (text, max) => {
        for (const { text: part } of splitMarkdown(text, { maxLength: max })) {
          expect(/^[\udc00-\udfff]|[\ud800-\udbff]$/.test(part)).toBe(false);
        }
      }),
    );
  });

  test("gives a text that fits as it is", () => {
    expect(splitMarkdown("Hello\n", { maxLength: 32 })).toEqual([
      { text: "Hello\n", source: "Hello\n" },
    ]);
    expect(splitMarkdown("", { maxLength: 32 })).toEqual([]);
  });

  test("refuses a length that could not hold a fence", () => {
    expect(() => splitMarkdown("x", { maxLength: 31 })).toThrow(RangeError);
  });

  test("prefers paragraphs, then list items, lines, sentences and words", () => {
    const word = "aaaa bbbb ";
    expect(texts(`${word.repeat(2)}\n\n${word}\n${word.repeat(2)}`, 40)).toEqual([
      `${word.repeat(2)}\n\n`,
      `${word}\n${word.repeat(2)}`,
    ]);
    expect(texts(`${word.repeat(2)}\n- ${word}\n  ${word.repeat(2)}`, 40)).toEqual([
      `${word.repeat(2)}\n`,
      `- ${word}\n  ${word.repeat(2)}`,
    ]);
    expect(texts("One is here. Two is here. Three is over there.", 40)).toEqual([
      "One is here. Two is here. ",
      "Three is over there.",
    ]);
    expect(texts("one two three four five six seven eight", 32)).toEqual([
      "one two three four five six ",
      "seven eight",
    ]);
  });

  test("closes a cut fence and opens it again with its info string", () => {
    const text = "```js title\nconst a = 1;\nconst b = 2;\nconst c = 3;\n```\n";
    expect(texts(text, 45)).toEqual([
      "```js title\nconst a = 1;\nconst b = 2;\n```",
      "```js title\nconst c = 3;\n```\n",
    ]);
  });

  test("keeps fences inside of quotes and list items there", () => {
    const line = "a line of some code";
    expect(texts(`> ~~~\n> ${line}\n> ${line}\n> ~~~\n`, 40)).toEqual([
      `> ~~~\n> ${line}\n> ~~~`,
      `> ~~~\n> ${line}\n> ~~~\n`,
    ]);
    expect(texts(`- \`\`\`\n  ${line}\n  ${line}\n  \`\`\`\n`, 40)).toEqual([
      `- \`\`\`\n  ${line}\n  \`\`\``,
      `  \`\`\`\n  ${line}\n  \`\`\`\n`,
    ]);
  });

  test("ends a fence where its quote ends", () => {
    expect(texts(`> \`\`\`\n> code\n${"plain ".repeat(8)}`, 40).at(-1)).toMatch(/^plain [^`]*$/);
  });

  test("takes inline code with three backticks for no fence, though its beginning looks like one", () => {
    const [, second] = texts(`\`\`\`${"x".repeat(60)}\`\`\` and more`, 40);
    expect(second).toMatch(/^x/);
  });

  test("stays in a fence when a line of code is cut after what looks like its end", () => {
    const [, second] = texts(`~~~\n~~~ ${"x".repeat(60)}\n~~~`, 40);
    expect(second).toMatch(/^~~~\nx+\n~~~$/);
  });

  test("reads shorter markers within a longer fence as code", () => {
    const text = `\`\`\`\`\n\`\`\`\n${"inner line\n".repeat(4)}\`\`\`\n\`\`\`\`\n`;
    for (const part of texts(text, 48)) expect(part).toMatch(/^`{4}\n[^]*\n`{4}\n?$/);
  });

  test("keeps links, inline code and table rows whole", () => {
    const link = "[the link](https://example.org/path)";
    expect(texts(`See what is at ${link} today`, 40)).toEqual([
      "See what is at ",
      `${link} `,
      "today",
    ]);
    expect(texts("Run the command `opsthread chat --help` now", 32)).toContain(
      "`opsthread chat --help` now",
    );
    const row = "| one two | three four |\n";
    expect(texts(row.repeat(3), 60)).toEqual([row.repeat(2), row]);
  });

  test("keeps graphemes whole in a text without breaks", () => {
    const family = "👨‍👩‍👧‍👦";
    for (const part of texts(family.repeat(20), 40))
      expect(part).toBe(family.repeat(part.length / 11));
  });

  test("splits a large text into few pieces, whatever it is made of", () => {
    for (const part of ["x", "`", "[", "> ", "- ", "```\n", "[a](", "\n", "👩‍👧"]) {
      const text = part.repeat(100_000 / part.length);
      const pieces = splitMarkdown(text, { maxLength: 2000 });
      expect(sourceOf(pieces)).toBe(text);
      expect(pieces.length).toBeLessThan(400);
    }
  });
});

function texts(text: string, length: number): readonly string[] {
  return splitMarkdown(text, { maxLength: length }).map((piece) => piece.text);
}

/** The added lines, taken off again, leave the source. */
function isSourceWithinFenceLines({ text, source }: MarkdownPiece): boolean {
  for (let at = text.indexOf(source); at >= 0; at = text.indexOf(source, at + 1)) {
    const before = text.slice(0, at);
    const after = text.slice(at + source.length);
    if (
      /^(?:[> \t]*(?:`{3,}|~{3,})[^\n]*\n[> \t]*)?$/.test(before) &&
      /^(?:\n?[> \t]*(?:`{3,}|~{3,}))?$/.test(after)
    ) {
      return true;
    }
  }
  return false;
}

/** CommonMark's rule for fences outside of quotes and lists, written down once more. */
function openFence(text: string): string | undefined {
  let open: string | undefined;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [, marker = "", rest = ""] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (open === undefined && marker !== "" && !(marker[0] === "`" && rest.includes("`")))
      open = marker;
    else if (open !== undefined && marker.startsWith(open) && /^[ \t]*$/.test(rest))
      open = undefined;
  }
  return open;
}

function sourceOf(pieces: readonly MarkdownPiece[]): string {
  return pieces.map(({ source }) => source).join("");
}

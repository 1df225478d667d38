import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { renderMarkdown } from "../../../src/adapters/text/markdown.ts";
import { terminalRenderer } from "../../../src/adapters/text/terminal.ts";
import { columns } from "../../../src/adapters/text/width.ts";

describe("renderMarkdown() for a terminal", () => {
  test("shows headings, lists, quotes and code", () => {
    const markdown = [
      "# Report",
      "Some **bold** and `code`, ~~gone~~ &amp; [a link](https://example.org).",
      "- one\n- [x] two\n  1. deep\n     second line",
      "> quoted\n>> more",
      "```js\nconst a = 1;\n\n  b();\n```",
    ].join("\n\n");
    expect(plain(markdown)).toMatchInlineSnapshot(`
      "# Report

      Some bold and \`code\`, ~~gone~~ & a link (https://example.org).

      • one
      • [x] two
        1. deep
           second line

      │ quoted
      │
      │ │ more

          const a = 1;

            b();"
    `);
  });

  test("aligns tables by what is seen", () => {
    const table = "| name | size |\n|:--|--:|\n| 漢字 | 2 |\n| `a.log` | 1000 |";
    expect(plain(table)).toMatchInlineSnapshot(`
      "name     size
      ───────  ────
      漢字        2
      \`a.log\`  1000"
    `);
  });

  test("shows a table that is too wide row by row", () => {
    const table = "| the first column | the second |\n|---|---|\n| a | b |\n| c | d |";
    expect(plain(table, 24)).toMatchInlineSnapshot(`
      "the first column: a
      the second: b

      the first column: c
      the second: d"
    `);
  });

  test("wraps prose to the width, but never code", () => {
    const code = "x".repeat(60);
    const lines = plain(
      `${"word ".repeat(30)}\n\n- ${"item ".repeat(30)}\n\n\`\`\`\n${code}\n\`\`\``,
      40,
    );
    for (const line of lines.split("\n").filter((each) => !each.includes("xx"))) {
      expect(columns(line)).toBeLessThanOrEqual(40);
    }
    expect(lines).toContain(`    ${code}`);
  });

  test("uses escape sequences only with color", () => {
    expect(renderMarkdown("**a**", terminalRenderer({ width: 80, color: true }))).toBe(
      "\u001b[1ma\u001b[22m",
    );
    expect(plain("**a**")).toBe("a");
  });

  test("lets no control character through, however it is written", () => {
    const hostile = fc.constantFrom(
      ..."\u001b[2J|\u001b]0;x\u0007|\u009b1m|\u202e|\u2066|&#27;|&#x9b;|&#8238;|\u007f|\b|\r|\0".split(
        "|",
      ),
      ..."`|**|[|](|)|\n|- |> |```|<|>|| a | b |\n|---|---|\n".split("|"),
    );
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 40 }), (parts) => {
        expect(plain(parts.join(""))).not.toMatch(
          // oxlint-disable-next-line no-control-regex -- these are what must not be there
          /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/,
        );
      }),
      { numRuns: 1000 },
    );
  });

  test("shows text as it is when it is nested too deep to parse", () => {
    expect(plain(">".repeat(15_000))).toBe(">".repeat(15_000));
  });
});

function plain(markdown: string, width = 80): string {
  return renderMarkdown(markdown, terminalRenderer({ width, color: false }));
}

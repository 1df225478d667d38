import { structuredPatch } from "diff";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseV4aCreate } from "../../../src/agent/tools/v4a-parse.ts";
import { applyV4a } from "../../../src/agent/tools/v4a.ts";

/** The new text, or why there is none. */
function apply(text: string, ...diff: readonly string[]): string {
  const applied = applyV4a(text, diff.join("\n"));
  return applied.ok ? applied.text : `PROBLEM ${applied.problem}`;
}

const file = ["def a():", "  return 1", "", "def b():", "  return 1", ""].join("\n");

describe("a diff", () => {
  test("replaces, adds and removes lines where its context stands", () => {
    expect(apply("a\nb\nc\nd\n", "@@", " a", "-b", "+B", "+B2", " c", "-d")).toBe("a\nB\nB2\nc\n");
  });

  test("needs no @@ before its first hunk, and takes an empty line for a kept one", () => {
    expect(apply("a\n\nb\n", " a", "", "-b", "+c")).toBe("a\n\nc\n");
  });

  test("finds its place behind anchors", () => {
    const change = ["-  return 1", "+  return 2"];
    expect(apply(file, "@@", ...change)).toBe(file.replace("return 1", "return 2"));
    expect(apply(file, "@@ def b():", ...change)).toBe(
      "def a():\n  return 1\n\ndef b():\n  return 2\n",
    );
    expect(
      apply(
        "class X\n  def b():\n    1\nclass Y\n  def b():\n    1\n",
        "@@ class Y",
        "@@   def b():",
        "-    1",
        "+    2",
      ),
    ).toBe("class X\n  def b():\n    1\nclass Y\n  def b():\n    2\n");
  });

  test("passes over one anchor that is not there, but not over one of several", () => {
    expect(apply("a\n", "@@ def z():", "-a", "+b")).toBe("b\n");
    expect(apply("a\n", "@@ class Z", "@@ def z():", "-a", "+b")).toContain(
      'no line is its anchor "class Z"',
    );
  });

  test("takes line numbers of a unified diff for nothing", () => {
    expect(apply("a\nb\n", "@@ -1,2 +1,2 @@", " a", "-b", "+c")).toBe("a\nc\n");
  });

  test("at the end of the file prefers the last place, and adds before the last line break", () => {
    expect(apply("a\nb\na\n", "@@", "-a", "+c", "*** End of File")).toBe("a\nb\nc\n");
    expect(apply("a\nb\n", "@@", "+c", "*** End of File")).toBe("a\nb\nc\n");
    expect(apply("a\nb", "@@", "+c", "*** End of File")).toBe("a\nb\nc");
  });

  test("matches without the spaces at the ends of lines, which the file keeps", () => {
    expect(apply("a  \n\tb\nc\n", " a", " b", "-c", "+d")).toBe("a  \n\tb\nd\n");
    const loose = applyV4a("a  \nb\n", " a\n-b\n+c");
    expect(loose).toMatchObject({ ok: true, loose: [1], added: 1, deleted: 1 });
  });

  test("prefers a place that matches word for word", () => {
    expect(apply("  x\nx\n", "-x", "+y")).toBe("  x\ny\n");
  });

  test("keeps line ends, also mixed ones", () => {
    expect(apply("a\r\nb\r\nc\r\n", " a", "-b", "+B", "+B2")).toBe("a\r\nB\r\nB2\r\nc\r\n");
    expect(apply("a\r\nb\nc", " a", "+x", " b")).toBe("a\r\nx\r\nb\nc");
    expect(apply("a\r\nb", " a", " b", "+c")).toBe("a\r\nb\r\nc");
    expect(apply("a\nb\n", " a\r", "-b\r", "+c\r")).toBe("a\nc\n");
  });

  test("may come in its envelope", () => {
    expect(
      apply("a\n", "*** Begin Patch", "*** Update File: a.txt", "@@", "-a", "+b", "*** End Patch"),
    ).toBe("b\n");
  });

  test("fills an empty file", () => {
    expect(apply("", "+a", "+b")).toBe("a\nb\n");
  });
});

describe("a diff that does not fit", () => {
  test("says which hunk, what it expects and what the file has", () => {
    expect(apply("a\nb\nc\nd\n", "@@", "-a", "+A", "@@", " b", "-x", "+y", " d")).toBe(
      [
        "PROBLEM Hunk 2 does not match. Its first 1 of 3 lines are at line 2 of the file; then it expects",
        "  x",
        "but line 3 is",
        "  c",
        "The file has:",
        "2\tb\n3\tc\n4\td\n5\t",
      ].join("\n"),
    );
  });

  test("says that nothing of it is there", () => {
    expect(apply("a\nb\n", "-x", "+y")).toContain(
      "Hunk 1 does not match: none of its 1 line is in the file. There it has:\n1\ta\n2\tb",
    );
  });

  test("says that its hunks are out of order", () => {
    expect(apply("a\nb\n", "@@", "-b", "+B", "@@", "-a", "+A")).toContain(
      "Hunk 2 stands at line 1, before the hunk above it",
    );
  });

  test("says that the file ends", () => {
    expect(apply("a\nb", " a", " b", " c", "+d")).toContain("but the file ends there");
  });

  test.each([
    ["nothing", "", "no lines"],
    ["a line without a sign", "@@\nfoo", "Line 2 of the diff"],
    ["a line after the end", " a\n*** End of File\n+b", "Line 3 of the diff"],
  ])("says that it holds %s", (_, diff, problem) => {
    expect(applyV4a("a\n", diff)).toMatchObject({
      ok: false,
      problem: expect.stringContaining(problem),
    });
  });
});

test("a new file has each line that is added, and ends in a line break", () => {
  expect(parseV4aCreate("+a\n+\n+b")).toEqual({ ok: true, text: "a\n\nb\n" });
  expect(parseV4aCreate("+a\n+\n")).toEqual({ ok: true, text: "a\n" });
  expect(parseV4aCreate("")).toEqual({ ok: true, text: "" });
  expect(parseV4aCreate("+a\nb")).toMatchObject({ ok: false });
});

/** The diff of two texts as a model would write it, with so many lines of context. */
function v4aOf(before: string, after: string, context: number): string {
  const { hunks } = structuredPatch("f", "f", before, after, undefined, undefined, { context });
  return hunks
    .flatMap(({ lines }) => ["@@", ...lines.filter((line) => !line.startsWith("\\"))])
    .join("\n");
}

/** Lines of which no two are alike, and what becomes of each. */
const edits = fc
  .array(
    fc.record({
      text: fc.string({ unit: fc.constantFrom("a", " ", "{", "é", "\t", "-", "+", "@") }),
      fate: fc.constantFrom("keep", "keep", "keep", "delete", "change"),
      before: fc.array(fc.constantFrom("new", "  new", ""), { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((rows) => {
    const before = rows.map(({ text }, index) => `${text}${index}`);
    const after = rows.flatMap(({ text, fate, before: added }, index) => [
      ...added,
      ...(fate === "delete" ? [] : [`${text}${index}${fate === "change" ? "!" : ""}`]),
    ]);
    return { before, after };
  });

const lineEnds = fc.constantFrom("\n", "\r\n");

test("the diff of any edit gives the edited file", () => {
  fc.assert(
    fc.property(
      edits,
      fc.integer({ min: 1, max: 4 }),
      lineEnds,
      ({ before, after }, context, end) => {
        fc.pre(before.join("\n") !== after.join("\n"));
        const [from, to] = [before, after].map((lines) =>
          lines.map((line) => `${line}\n`).join(""),
        );
        const diff = v4aOf(from ?? "", to ?? "", context);
        const ended = (text = ""): string => text.replaceAll("\n", end);
        expect(apply(ended(from), diff)).toBe(before.length === 0 ? to : ended(to));
      },
    ),
  );
});

test("also where the spaces of its context are wrong", () => {
  fc.assert(
    fc.property(edits, ({ before, after }) => {
      fc.pre(before.join("\n") !== after.join("\n"));
      const [from, to] = [before, after].map((lines) => lines.map((line) => `${line}\n`).join(""));
      const diff = v4aOf(from ?? "", to ?? "", 3).replaceAll(/^([ -].*)$/gm, "$1  ");
      expect(apply(from ?? "", diff)).toBe(to);
    }),
  );
});

test("any text for a diff is applied or refused, and takes no line that it does not name", () => {
  const signs = fc.constantFrom(" ", "+", "@@", "@@ ", "*** End of File", "");
  const line = fc.tuple(signs, fc.constantFrom("a", "b", ""));
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "b", "")), fc.array(line), (lines, diff) => {
      const applied = applyV4a(lines.join("\n"), diff.map((parts) => parts.join("")).join("\n"));
      return applied.ok ? applied.text.split("\n").length >= lines.length : applied.problem !== "";
    }),
  );
});

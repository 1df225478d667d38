import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { captureOutput } from "../../src/core/output.ts";

function capture(
  output: Uint8Array,
  { shownBytes, chunk = 7 }: { shownBytes: number; chunk?: number },
) {
  const captured = captureOutput(shownBytes);
  for (let at = 0; at < output.length; at += chunk) captured.push(output.subarray(at, at + chunk));
  return { bytes: captured.bytes, ...captured.shown() };
}

describe("captureOutput()", () => {
  test("shows all of an output that fits", () => {
    const result = capture(Buffer.from("hello wörld"), { shownBytes: 12 });
    expect(result).toEqual({ text: "hello wörld", complete: true, bytes: 12 });
  });

  test("shows head and tail of a longer one and says how much is left out", () => {
    const output = Buffer.from(
      Array.from({ length: 1000 }, (_, line) => `line ${line}\n`).join(""),
    );
    const { text, complete } = capture(output, { shownBytes: 80 });
    expect(complete).toBe(false);
    expect(text).toBe(
      "line 0\nline 1\nline 2\nline\n[… 8841 bytes left out …]\ne 997\nline 998\nline 999\n",
    );
  });

  test("does not cut a character in two", () => {
    const { text } = capture(Buffer.from("ü€😀".repeat(100)), { shownBytes: 101, chunk: 1 });
    expect(text).not.toContain("\uFFFD");
  });

  test("never shows more than its budget and accounts for every byte", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 600 }),
          fc.string({ maxLength: 300, unit: "binary" }).map((text) => Buffer.from(text)),
        ),
        fc.nat(200),
        fc.integer({ min: 1, max: 90 }),
        (output, shownBytes, chunk) => {
          const { text, bytes, complete } = capture(output, { shownBytes, chunk });
          expect(bytes).toBe(output.length);
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(shownBytes);
          const shown = text === "" || text.includes("bytes left out");
          expect(complete ? text === Buffer.from(output).toString() : shown).toBe(true);
        },
      ),
    );
  });

  test("shows the true end, whatever the size of the chunks", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 300, max: 5000 }),
        fc.integer({ min: 1, max: 700 }),
        (length, chunk) => {
          const output = Buffer.from(
            Array.from({ length }, (_, at) => String.fromCodePoint(97 + (at % 26))).join(""),
          );
          const [first = "", last = ""] = capture(output, { shownBytes: 128, chunk }).text.split(
            /\n\[.*\]\n/u,
          );
          expect(output.toString().startsWith(first)).toBe(true);
          expect(output.toString().endsWith(last)).toBe(true);
          expect(first.length).toBeGreaterThan(40);
          expect(last.length).toBeGreaterThan(40);
        },
      ),
    );
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";

import { createMask } from "../../../src/sandbox/egress/mask.ts";

function maskAll(texts: readonly string[], chunks: readonly Buffer[]): string {
  const mask = createMask(texts);
  return Buffer.concat([...chunks.map((chunk) => mask.chunk(chunk)), mask.rest()]).toString(
    "latin1",
  );
}

/** Covers each byte that lies in any occurrence, the plain way. */
function expected(texts: readonly string[], whole: string): string {
  const out = whole.split("");
  for (const text of texts)
    for (let at = 0; at + text.length <= whole.length; at += 1)
      if (whole.startsWith(text, at)) out.fill("*", at, at + text.length);
  return out.join("");
}

test("however the bytes are cut, every byte of every occurrence is covered and nothing else", () => {
  const small = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 5 });
  const pieces = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 7 }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(fc.array(small, { minLength: 1, maxLength: 3 }), pieces, (texts, parts) => {
      expect(
        maskAll(
          texts,
          parts.map((part) => Buffer.from(part)),
        ),
      ).toBe(expected(texts, parts.join("")));
    }),
    { numRuns: 500 },
  );
});

test("only what may be the beginning of a secret is held back", () => {
  const mask = createMask(["secret-value"]);
  expect(mask.chunk(Buffer.from("data: event\n\n")).toString()).toBe("data: event\n\n");
  expect(mask.chunk(Buffer.from("it is sec")).toString()).toBe("it is ");
  expect(mask.chunk(Buffer.from("ond")).toString()).toBe("second");
  expect(mask.rest().length).toBe(0);
});

test("text() covers in a header as well", () => {
  expect(createMask(["secret"]).text("a=secret; é")).toBe("a=******; é");
});

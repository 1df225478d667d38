import { existsSync, readdirSync, readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { secretSpans } from "../../src/core/secrets.ts";

const root =
  process.env["OPSTHREAD_TEST_DATA"] ?? new URL("../../../shared/data", import.meta.url).pathname;
const absent = existsSync(root) ? "" : ": skipped, the data is not here (OPSTHREAD_TEST_DATA)";

function found(folder: string, pattern: RegExp): string[] {
  return readdirSync(`${root}/${folder}`, { recursive: true, encoding: "utf8" })
    .filter((name) => pattern.test(name))
    .flatMap((name) => {
      const text = readFileSync(`${root}/${folder}/${name}`, "utf8");
      return secretSpans(text).map(({ from, end }) => `${name}: ${text.slice(from, end)}`);
    });
}

describe.skipIf(absent !== "")(`secretSpans() on data of others${absent}`, () => {
  test("finds no secret in real logs", () => expect(found("logs", /\.log$/)).toEqual([]));

  test("finds no secret in real test reports", () =>
    expect(found("test-reports", /\.(?:xml|json|trx)$/)).toEqual([]));

  test("finds in real configuration only what stands under a secret's name", () => {
    const spans = found(
      "config/dyff",
      /(?:from|to|manifest|pipeline|pinniped)\.(?:ya?ml|json|toml)$/,
    );
    expect(spans.filter((span) => !/(?:password|Secret)["']?: /.test(span))).toEqual([]);
  });
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { errorCodes } from "../src/core/errors.ts";

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith("errors.ts"))
  .map((file) => readFileSync(join("src", file), "utf8"))
  .join("\n");

test("docs/errors.md documents every error code, and none that does not exist", () => {
  const documented = Array.from(
    readFileSync("docs/errors.md", "utf8").matchAll(/^## `([A-Z_]+)`$/gm),
    ([, code]) => code,
  );
  expect(documented).toEqual(Object.keys(errorCodes).toSorted());
});

test.each(Object.keys(errorCodes))("%s is used", (code) => {
  expect(sources.includes(`"${code}"`)).toBe(true);
});

test.each([
  ["README.md", "examples/bot.mjs"],
  ["docs/slack.md", "examples/slack.mjs"],
  ["docs/discord.md", "examples/discord.mjs"],
])("%s shows %s as it is", (page, example) => {
  const shown = /```js\n([\s\S]*?)```/.exec(readFileSync(page, "utf8"))?.[1];
  expect(shown).toBe(readFileSync(example, "utf8"));
});

test("every link between the documents leads to a file", () => {
  const pages = ["README.md", "AGENTS.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].concat(
    readdirSync("docs").map((name) => `docs/${name}`),
  );
  const broken = pages.flatMap((page) => {
    const text = readFileSync(page, "utf8");
    const links = Array.from(
      text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g),
      ([, link]) => link ?? "",
    );
    return links
      .filter((link) => !existsSync(join(page, "..", link)))
      .map((link) => `${page}: ${link}`);
  });
  expect(broken).toEqual([]);
});

test.each(["docs/compare.md", "docs/slack.md"])("each test that %s names is there", (path) => {
  const page = readFileSync(path, "utf8");
  const named = Array.from(
    page.matchAll(/`((?:test|src\/testing)\/[^`]+\.ts)`: ((?:"[^"|]+"(?:, )?)+)/g),
    ([, file = "", names = ""]) => ({ file, names: names.split(/(?<="), /) }),
  );
  const missing = named.flatMap(({ file, names }) => {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    return names.filter((name) => !text.includes(name)).map((name) => `${file}: ${name}`);
  });
  expect(named.length).toBeGreaterThan(20);
  expect(missing).toEqual([]);
});

test("docs/compare.md names a test in each row", () => {
  const page = readFileSync("docs/compare.md", "utf8");
  const rows = page.split("\n").filter((line) => /^\| (\d+|[A-Z]\d?) \|/.test(line));
  expect(rows.length).toBe(15 + 35);
  expect(rows.filter((row) => !row.includes('.ts`: "'))).toEqual([]);
});

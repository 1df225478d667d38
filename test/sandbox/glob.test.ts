import { describe, expect, test } from "vitest";

import { compileGlob, fixedPrefix } from "../../src/sandbox/glob.ts";

const matches = (pattern: string, path: string): boolean => compileGlob([pattern]).file(path);

describe("compileGlob()", () => {
  test.each([
    ["*.log", "app.log"],
    ["**/*.log", "app.log"],
    ["**/*.log", "a/b/app.log"],
    ["a/**/c", "a/c"],
    ["a/**/c", "a/b/b/c"],
    ["a/**", "a/b/c"],
    ["app.?", "app.1"],
    ["app.[0-9]", "app.7"],
    ["app.[!a]", "app.b"],
    ["*.{log,txt}", "a.txt"],
    ["{a,b/{c,d}}/e", "b/d/e"],
    [".env", ".env"],
    [String.raw`a\*\[1\]\+.log`, "a*[1]+.log"],
    ["app (1)+$^.log", "app (1)+$^.log"],
    ["ünï*", "ünïcödé"],
    ["./a/b", "a/b"],
  ])("%s matches %s", (pattern, path) => {
    expect(matches(pattern, path)).toBe(true);
  });

  test.each([
    ["*.log", "a/app.log"],
    ["*.log", "app.log.gz"],
    ["*.log", "applog"],
    ["*", ".env"],
    ["**/*", ".git/config"],
    ["**", "a/.env"],
    ["app.[!a]", "app.a"],
    [String.raw`a\*`, "ab"],
    ["a/*/c", "a/c"],
  ])("%s does not match %s", (pattern, path) => {
    expect(matches(pattern, path)).toBe(false);
  });

  test("shows the folders that lead to a match and no others", () => {
    const glob = compileGlob(["var/log/*.log", "etc/**/x"]);
    expect(["var", "var/log", "etc", "etc/a/b"].map(glob.folder)).toEqual([true, true, true, true]);
    expect(["home", "var/lib", "var/log/a.log"].map(glob.folder)).toEqual([false, false, false]);
  });

  test("refuses a pattern with absurdly many alternatives", () => {
    expect(() => compileGlob(["{a,b}".repeat(20)])).toThrow(RangeError);
  });
});

test("fixedPrefix() is the folder that a walk can start from", () => {
  expect(fixedPrefix("/sources/app/*.log")).toBe("/sources/app");
  expect(fixedPrefix("**/*.log")).toBe("");
  expect(fixedPrefix("logs/a.log")).toBe("logs");
  expect(fixedPrefix(String.raw`a\*/b{c,d}/e`)).toBe("a*");
});

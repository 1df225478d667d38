import { expect, test } from "vitest";

import { referencesOf } from "../../../src/sandbox/task-host/imports.ts";

const specifiers = (source: string): readonly string[] =>
  referencesOf(source).map(
    ({ kind, specifier, lazy }) => `${kind} ${specifier}${lazy ? " lazy" : ""}`,
  );

test("finds static and dynamic imports", () => {
  const source = `
    import a, { b as c } from "a";
    import * as d from './d.js';
    import "e"; export * from "f"; export { g } from "g";
    import data from "./h.json" with { type: "json" };
    const text = "import x from 'no'"; // import y from "no"
    await import("i"); await import(\`./j.js\`); await import("./" + text); import.meta.url;`;
  expect(specifiers(source)).toEqual([
    "import a",
    "import ./d.js",
    "import e",
    "import f",
    "import g",
    "import ./h.json",
    "import i lazy",
    "import ./j.js lazy",
  ]);
});

test("finds what CommonJS requires, and files beside the module", () => {
  const source = `
    const a = require("a"), b = require('./b'), c = require.resolve("c"), d = require(name);
    new Worker(new URL("./worker.js", import.meta.url)); new URL("https://x.example/", import.meta.url);`;
  expect(specifiers(source)).toEqual([
    "require a",
    "require ./b",
    "require c",
    "asset ./worker.js lazy",
  ]);
});

import * as fc from "fast-check";
import { expect, test } from "vitest";

import { filesNamed } from "../../../../src/agent/models/offline/file-names.ts";
import { directPairs, pairFiles } from "../../../../src/agent/models/offline/pairs.ts";

const inOrder: readonly (readonly string[])[] = [
  ["deploy-v1.yaml", "deploy-v2.yaml"],
  ["deploy-v9.yaml", "deploy-v10.yaml"],
  ["app-1.9.2.json", "app-1.10.0.json"],
  ["config-2024-12-31.toml", "config-2025-01-01.toml"],
  [".env.staging", ".env.production"],
  [".env.example", ".env"],
  ["values.old.yaml", "values.yaml"],
  ["values.yaml", "values.new.yaml"],
  ["before.yaml", "after.yaml"],
  ["from.yml", "to.yml"],
  ["a.conf", "b.conf"],
  ["nginx.conf.bak", "nginx.conf"],
  ["appsettings.Development.json", "appsettings.Production.json"],
  ["dev/values.yaml", "staging/values.yaml", "prod/values.yaml"],
  ["baseOld.yaml", "baseNew.yaml"],
  ["config.yml", "config.new.yaml"],
  ["attachments/values.yaml", "attachments/values-2.yaml"],
  ["release-v1.yaml", "release-v2.yaml", "release-v3.yaml"],
];

test.each(inOrder.map((files) => [files] as const))("pairFiles() orders %j", (files) => {
  const expected = files.slice(1).map((after, index) => ({ before: files[index], after }));
  expect(pairFiles(files)).toEqual({ pairs: expected, left: [] });
  expect(pairFiles(files.toReversed())).toEqual({ pairs: expected, left: [] });
});

test("pairFiles() keeps the order of upload where names say nothing", () => {
  expect(pairFiles(["web/app.yaml", "api/app.yaml"]).pairs).toEqual([
    { before: "web/app.yaml", after: "api/app.yaml" },
  ]);
});

test("pairFiles() pairs several files and says what is left", () => {
  const files = [
    "redis-new.conf",
    "deploy-v2.yaml",
    "README.md",
    "redis-old.conf",
    "deploy-v1.yaml",
  ];
  expect(pairFiles(files)).toEqual({
    pairs: [
      { before: "redis-old.conf", after: "redis-new.conf" },
      { before: "deploy-v1.yaml", after: "deploy-v2.yaml" },
    ],
    left: ["README.md"],
  });
});

test("pairFiles() pairs two unlike files only when it is told to", () => {
  const files = ["service.yaml", "deployment.yaml"];
  expect(pairFiles(files)).toEqual({ pairs: [], left: files });
  expect(pairFiles(files, { loose: true })).toEqual({
    pairs: [{ before: "service.yaml", after: "deployment.yaml" }],
    left: [],
  });
});

test("pairFiles() uses every file, and never one with itself", () => {
  const name = fc.stringMatching(/^[a-z]{1,4}(-(v\d|old|new|prod))?\.(yaml|json)$/);
  fc.assert(
    fc.property(fc.array(name, { maxLength: 8 }), fc.boolean(), (files, loose) => {
      const { pairs, left } = pairFiles(files, { loose });
      const used = new Set([...pairs.flatMap(({ before, after }) => [before, after]), ...left]);
      expect([...used].toSorted()).toEqual([...new Set(files)].toSorted());
      expect(pairs.every(({ before, after }) => before !== after)).toBe(true);
    }),
  );
});

const files = ["old.yaml", "new.yaml"];
const forward = { before: "old.yaml", after: "new.yaml" };
const reverse = { before: "new.yaml", after: "old.yaml" };

test.each([
  ["new.yaml → old.yaml", false, reverse],
  ["new.yaml -> old.yaml", false, reverse],
  ["from new.yaml to old.yaml", false, reverse],
  ["new.yaml became old.yaml", false, reverse],
  ["old.yaml ← new.yaml", false, reverse],
  ["what is in new.yaml compared to old.yaml", false, forward],
  ["new.yaml against old.yaml", false, forward],
  ["difference between new.yaml and old.yaml", false, forward],
  ["new.yaml vs old.yaml", false, forward],
  ["new.yaml old.yaml", true, reverse],
  ["new.yaml", true, forward],
])("directPairs() follows %j", (text, ordered, expected) => {
  const { pairs } = pairFiles(files);
  const named = filesNamed(text, { files, sources: [] });
  expect(directPairs(pairs, { text, named, ordered })).toEqual([expected]);
});

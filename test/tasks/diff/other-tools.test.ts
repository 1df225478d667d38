import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { parseConfig } from "../../../src/tasks/diff/parse.ts";
import type { Step } from "../../../src/tasks/diff/path.ts";
import type { DocumentChange } from "../../../src/tasks/diff/structure-diff.ts";
import { diffStructure } from "../../../src/tasks/diff/structure-diff.ts";
import { testData } from "./support.ts";

const dyff = testData("config/dyff");
const jd = testData("config/jd/spec/cases");
const absent = "the data of other projects is not here (OPSTHREAD_TEST_DATA)";

function changesBetween(
  name: string,
  before: string,
  after: string,
  ignore: string[] = [],
): readonly DocumentChange[] {
  const [b, a] = [before, after].map((text) => parseConfig(text, { name, format: "auto" }));
  if (b?.type !== "parsed" || a?.type !== "parsed") throw new Error("not parsed");
  return diffStructure({ before: b.documents, after: a.documents, ignore, ignoreNoise: false })
    .changes;
}

describe.skipIf(dyff === undefined)(
  `dyff's fixtures${dyff === undefined ? `: ${absent}` : ""}`,
  () => {
    test.each([
      ["testbed", "yml", "expected-dyff-spruce.human"],
      ["colors", "yml", "dyff.expected"],
      ["binary", "yml", "dyff.expected"],
      ["multiline", "yml", "expected-dyff-spruce.human"],
      ["issues/issue-89", "yml", "expected-dyff-spruce.human"],
      ["issues/issue-225", "yml", "expected-dyff-spruce.human"],
      ["kubernetes/configmaps", "yml", "expected-dyff-spruce.human"],
      ["kubernetes/multi-docs-file-level", "yaml", "expected-dyff.human"],
      ["kubernetes/rename", "yaml", "expected-dyff.human"],
    ])("%s gives the entries that dyff gives", (folder, extension, expected) => {
      const read = (name: string): string => readFileSync(`${dyff}/${folder}/${name}`, "utf8");
      const changes = changesBetween("x.yaml", read(`from.${extension}`), read(`to.${extension}`));
      expect(entriesOf(changes)).toEqual(headings(read(expected)));
    });
  },
);

/** dyff tells all that is added to or removed from one map or list as one entry. */
function entriesOf(changes: readonly DocumentChange[]): string[] {
  const entries = changes.map(({ document, path, kind }) => {
    const place = kind === "added" || kind === "removed" ? path.slice(0, -1) : path;
    const name = place.map((step) => nameOf(step)).join(".");
    return `${document === undefined || document.startsWith("document") ? "" : `${document} `}${name === "" ? "(root level)" : name}`;
  });
  return [...new Set(entries)].toSorted();
}

function nameOf(step: Step): string {
  return step.type === "key" ? step.key : (step.id ?? String(step.after ?? step.before));
}

function headings(output: string): string[] {
  // oxlint-disable-next-line no-control-regex -- dyff's colours
  const plain = output.replace(/\u001b\[[\d;]*m/g, "");
  const lines = plain.split("\n").filter((line) => /^[^\s+±⇆-]/.test(line));
  return lines
    .map((line) => {
      const [, path = "", document = ""] = /^(.*?)(?: {2}\((.*)\))?$/.exec(line.trim()) ?? [];
      const object = document.startsWith("document") ? "" : document.replace(/^v1\//, "");
      return `${object === "" ? "" : `${object} `}${path}`;
    })
    .toSorted();
}

interface JdCase {
  readonly name: string;
  readonly content_a: string;
  readonly content_b: string;
  readonly expected_output?: string;
}

function cases(file: string): JdCase[] {
  return jd === undefined ? [] : JSON.parse(readFileSync(`${jd}/${file}.json`, "utf8"));
}

describe.skipIf(jd === undefined)(`jd's cases${jd === undefined ? `: ${absent}` : ""}`, () => {
  test("of plain differences give the places that jd gives", () => {
    const found = cases("core").map(({ name, content_a, content_b }) => ({
      name,
      places: [
        ...new Set(changesBetween("x.json", content_a, content_b).map(({ path }) => placeOf(path))),
      ],
    }));
    const expected = cases("core").map(({ name, expected_output = "" }) => ({
      name,
      places: [
        ...new Set(
          expected_output
            .split("\n")
            .filter((line) => line.startsWith("@"))
            .map(jdPlace),
        ),
      ],
    }));
    expect(found).toEqual(expected);
  });

  test("of identifiers and of paths that are left out agree", () => {
    const byName = new Map(cases("options").map((item) => [item.name, item]));
    const changes = (name: string, ignore: string[] = []) => {
      const { content_a = "", content_b = "" } = byName.get(name) ?? {};
      return changesBetween("x.json", content_a, content_b, ignore).map(
        ({ path, kind }) => `${kind} ${path.map(nameOf).join(".")}`,
      );
    };
    expect(changes("keys_option")).toEqual(["changed users.1.age"]);
    expect(changes("multiple_keys")).toEqual(["changed items.apple.color"]);
    expect(changes("diff_off_option", ["timestamp"])).toEqual([]);
    for (const name of ["set_option_basic", "opts_json_set"])
      expect(changes(name).every((change) => change.startsWith("moved"))).toBe(true);
  });

  test.each(["invalid_json_input", "invalid_json_second_input"])(
    "of errors: %s is refused",
    (name) => {
      const { content_a = "", content_b = "" } =
        cases("errors").find((item) => item.name === name) ?? {};
      const types = [content_a, content_b].map(
        (text) => parseConfig(text, { name: "x.json", format: "auto" }).type,
      );
      expect(types).toContain("text");
    },
  );
});

/** The keys of a path, to the first list: jd and we agree on where in a list only in part. */
function placeOf(path: readonly Step[]): string {
  const firstItem = path.findIndex((step) => step.type === "item");
  return JSON.stringify(path.slice(0, firstItem === -1 ? undefined : firstItem).map(nameOf));
}

function jdPlace(line: string): string {
  const path: unknown[] = JSON.parse(line.slice(2));
  const firstItem = path.findIndex((step) => typeof step !== "string");
  return JSON.stringify(path.slice(0, firstItem === -1 ? undefined : firstItem));
}

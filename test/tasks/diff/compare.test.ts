import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Change } from "../../../src/tasks/diff/compare.ts";
import { changesOf, told, valueOf } from "./support.ts";

describe("compare() tells", () => {
  test("what was added, removed and changed", () =>
    expect(told({ a: 1, b: 2, c: [] }, { a: 1, b: 3, d: {} })).toEqual([
      "changed b",
      "removed c",
      "added d",
    ]));

  test("a missing value from null, and null from another value", () => {
    expect(told({ a: null }, {})).toEqual(["removed a"]);
    expect(told({ a: null }, { a: "x" })).toEqual(["changed a"]);
  });

  test("another type", () => {
    expect(told({ a: 1.1 }, { a: "1.1" })).toEqual(["type-changed a"]);
    expect(told({ a: {} }, { a: [] })).toEqual(["type-changed a"]);
  });

  test("numbers by their value and long integers exactly", () => {
    expect(changesOf({ a: 1 }, { a: 1.0 })).toEqual([]);
    expect(told(JSON.parse("[9007199254740993]"), JSON.parse("[9007199254740993]"))).toEqual([]);
  });

  test("paths with what needs it in quotes", () =>
    expect(told({ "a.b/c": { "": 1 } }, { "a.b/c": { "": 2 } })).toEqual([
      'changed ["a.b/c"][""]',
    ]));
});

describe("compare() matches the items of lists", () => {
  test("by name, whatever their order", () =>
    expect(
      told(
        [
          { name: "a", x: 1 },
          { name: "b", x: 1 },
        ],
        [
          { name: "b", x: 1 },
          { name: "a", x: 2 },
        ],
      ),
    ).toEqual(["moved ", "changed [a].x"]));

  test("by kind and name of Kubernetes objects", () => {
    const object = (kind: string, data: number) => ({ kind, metadata: { name: "x" }, data });
    expect(told([object("A", 1), object("B", 1)], [object("A", 1), object("B", 2)])).toEqual([
      "changed [B/x].data",
    ]);
  });

  test("by a port and its protocol", () => {
    const port = (protocol: string, nodePort: number) => ({ port: 53, protocol, nodePort });
    expect(told([port("TCP", 1), port("UDP", 2)], [port("UDP", 3), port("TCP", 1)])).toEqual([
      "moved ",
      "changed [53/UDP].nodePort",
    ]);
  });

  test("by place where one item changed its only identifier", () =>
    expect(told([{ containerPort: 80 }], [{ containerPort: 8080 }])).toEqual([
      "changed [0].containerPort",
    ]));

  test("by likeness where nothing identifies them", () =>
    expect(
      told(
        [
          { a: [1], b: [2] },
          { a: [3], b: [4] },
        ],
        [
          { a: [9], b: [9] },
          { a: [1], b: [5] },
          { a: [3], b: [4] },
        ],
      ),
    ).toEqual(["changed [1].b[0]", "added [0]"]));

  test("by value, with as few differences as possible", () => {
    expect(told(["a", "b", "c"], ["a", "c"])).toEqual(["removed [1]"]);
    expect(told(["a", "b", "a"], ["b", "a"])).toEqual(["removed [0]"]);
    expect(told(["a", "b"], ["a", "x"])).toEqual(["changed [1]"]);
    expect(told([1, 2, 3], [3, 1, 2])).toEqual(["moved "]);
  });
});

describe("compare() and its changes", () => {
  test("are none between equal values", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(changesOf(value, value)).toEqual([]);
      }),
    );
  });

  test("make the one value from the other", () => {
    fc.assert(
      fc.property(small(), small(), (before, after) => {
        expect(apply(before, changesOf(before, after))).toEqual(after);
      }),
      { numRuns: 3000 },
    );
  });
});

/** Few names and values, so that there is much to match. */
function small(): fc.Arbitrary<unknown> {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<unknown>(null, true, 0, 1, 2, "a", "b", "1"),
      fc.array(tie("value"), { maxLength: 5 }),
      fc.dictionary(fc.constantFrom("a", "b", "name", "id", "__proto__"), tie("value"), {
        maxKeys: 3,
      }),
      fc.array(fc.record({ name: fc.constantFrom("x", "y", "z"), a: tie("value") }), {
        maxLength: 4,
      }),
    ),
  }));
  return value.map((item) => JSON.parse(JSON.stringify(item)));
}

function apply(value: unknown, changes: readonly Change[], depth = 0): unknown {
  const own = changes.find((change) => change.path.length === depth && change.kind !== "moved");
  if (own) return valueOf(own.after);
  const deeper = changes.filter((change) => change.path.length > depth);
  if (Array.isArray(value)) return applyToList(value, { changes, deeper, depth });
  if (typeof value !== "object" || value === null) return value;
  const entries = new Map<string, unknown>(Object.entries(value));
  for (const [key, group] of groupBy(deeper, depth)) {
    const result = apply(entries.get(key), group, depth + 1);
    if (result === undefined) entries.delete(key);
    else entries.set(key, result);
  }
  return Object.fromEntries(entries);
}

interface ListChanges {
  readonly changes: readonly Change[];
  readonly deeper: readonly Change[];
  readonly depth: number;
}

function applyToList(
  items: readonly unknown[],
  { changes, deeper, depth }: ListChanges,
): unknown[] {
  const removed = new Set<number>();
  const added = new Map<number, unknown>();
  const nested = new Map<number, Change[]>();
  for (const change of deeper) {
    const step = change.path[depth];
    if (step?.type !== "item") throw new Error("a key in a list");
    if (step.after === undefined) removed.add(step.before ?? -1);
    else if (step.before === undefined) added.set(step.after, valueOf(change.after));
    else nested.set(step.before, [...(nested.get(step.before) ?? []), change]);
  }
  const moved = changes.find((change) => change.path.length === depth && change.kind === "moved");
  const kept = moved?.order ?? [...items.keys()].filter((index) => !removed.has(index));
  const queue = kept.map((index) => apply(items[index], nested.get(index) ?? [], depth + 1));
  return Array.from({ length: kept.length + added.size }, (_, index) =>
    added.has(index) ? added.get(index) : queue.shift(),
  );
}

function groupBy(changes: readonly Change[], depth: number): Map<string, Change[]> {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const step = change.path[depth];
    if (step?.type !== "key") throw new Error("an item in a map");
    groups.set(step.key, [...(groups.get(step.key) ?? []), change]);
  }
  return groups;
}

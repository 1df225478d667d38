import { expect, test } from "vitest";

import { groupShapes } from "../../../../src/tasks/logs/mine/group.ts";
import { wordsOfShape } from "../../../../src/tasks/logs/mine/words.ts";

/** Groups messages, each seen ten times. */
function groups(...messages: readonly string[]): readonly (readonly string[])[] {
  const shapes = messages.map((message) => ({ words: wordsOfShape(message), count: 10 }));
  return groupShapes(shapes)
    .map((group) => group.map((index) => messages[index] ?? "").toSorted())
    .toSorted((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1));
}

const names = ["ada", "bob", "cid", "dan", "eve", "fay", "gus"];

test("groupShapes() joins messages that differ in a name with many values", () => {
  const messages = names.map((name) => `worker of ${name} left the pool`);
  expect(groups(...messages)).toEqual([messages]);
});

test("groupShapes() joins messages that differ in a host or a path", () => {
  const messages = ["cannot reach a.example.org today", "cannot reach b.example.org today"];
  expect(groups(...messages)).toEqual([messages]);
});

test("groupShapes() keeps messages apart that differ in a word with few values", () => {
  expect(groups("disk is full", "disk is empty")).toHaveLength(2);
  expect(groups("caught TimeoutError in call", "caught TypeError in call")).toHaveLength(2);
});

test("groupShapes() keeps messages of the same length apart", () => {
  expect(groups("opened the big door", "sent one small letter", "lost two old keys")).toHaveLength(
    3,
  );
});

test("groupShapes() does not depend on the order", () => {
  const messages = [...names.map((name) => `user ${name} in`), "disk is full", "disk is empty"];
  expect(groups(...messages.toReversed())).toEqual(groups(...messages));
});

import { expect, test } from "vitest";

import { leftoversAmong, parseStat } from "../../../src/sandbox/docker/leftovers.ts";

const stat = (pid: number, name: string, state: string, parent: number): string =>
  `${pid} (${name}) ${state} ${parent} 1 1 0 -1 4194560 945 0 1 0 1 2 0 0 20 0 1 0 ${pid}00 1044480 147 0`;

test("a process is read from its line, whatever its name is", () => {
  const expected = { pid: 7, parent: 3, state: "S", startedAt: "700" };
  for (const name of ["sh", "a b", ") R 0 0 (", "(", "x) S 0"])
    expect(parseStat(stat(7, name, "S", 3))).toEqual(expected);
  for (const line of ["", "end", "x (y)", "12 (sh) S 1"]) expect(parseStat(line)).toBeUndefined();
});

test("what belongs to a command that runs is not left over, and the dead are not", () => {
  const processes = [
    stat(20, "bash", "S", 0),
    stat(21, "sleep", "S", 20),
    stat(22, "sleep", "S", 21),
    stat(30, "orphan", "S", 1),
    stat(31, "child", "S", 30),
    stat(32, "zombie", "Z", 1),
  ].flatMap((line) => parseStat(line) ?? []);
  expect(leftoversAmong(processes).map(({ pid }) => pid)).toEqual([30, 31]);
});

test("a ring of parents, as a list that changes while it is read may have, comes to an end", () => {
  const ring = [stat(2, "a", "S", 3), stat(3, "b", "S", 2)].flatMap(
    (line) => parseStat(line) ?? [],
  );
  expect(leftoversAmong(ring)).toHaveLength(2);
});

import fc from "fast-check";
import { expect, test } from "vitest";

import { parseCommand } from "../../../src/agent/commands/parse-command.ts";
import {
  covers,
  exactPattern,
  mayMatch,
  parsePattern,
} from "../../../src/agent/commands/pattern.ts";
import { word } from "../../../src/agent/commands/simple-command.ts";

const wordsOf = (source: string) => parseCommand(source)[0]?.words ?? [];

test.each<[pattern: string, command: string, covered: boolean, may: boolean]>([
  ["git push *", "git push", true, true],
  ["git push *", "git push origin main", true, true],
  ["git push *", "git pushy", false, false],
  ["git push *", "git -c x push", false, false],
  ["git * --force *", "git push origin --force", true, true],
  ["git * --force *", "git push", false, false],
  ["rm -rf *", "rm -rf /", true, true],
  ["rm -rf *", "rm -r -f /", false, false],
  ["npm run test:*", "npm run test:unit", true, true],
  ["npm run test:*", "npm run test:unit x", false, false],
  ["git push *", "/usr/bin/git push", true, true],
  ["git push *", "/workspace/git push", false, true],
  ["git push *", "./git push", false, true],
  ["/opt/x/git *", "/opt/x/git push", true, true],
  ["git push *", "git push $x", true, true],
  ["git push *", "git $x", false, true],
  ["git push", "git push $x", false, true],
  ["rm -rf *", 'rm "$x" /', false, true],
  ["rm -rf *", 'rm "-x$y" /', false, false],
  ["rm -rf *", "rm -$x /", false, true],
  ["rm -rf *", "rm *", false, true],
  ["rm -rf *", "rm x*", false, false],
  ["cat logs/*", 'cat "logs/$x"', true, true],
  ["cat logs/*", "cat logs/$x", false, true],
  ["cat *", "cat logs/*.log", true, true],
  ["a b", "a $x b", false, true],
  ["a b c", "a *b c", false, true],
  ["*", "anything at all", true, true],
  [String.raw`echo \*`, "echo '*'", true, true],
  [String.raw`echo \*`, "echo x", false, false],
  [String.raw`echo a\ b`, "echo 'a b'", true, true],
  ['echo ""', "echo ''", true, true],
  ["echo 🙂*", "echo 🙂🙂", true, true],
])("%s and %s: covered %s, may match %s", (pattern, command, covered, may) => {
  const read = parsePattern(pattern);
  expect([covers(read, wordsOf(command)), mayMatch(read, wordsOf(command))]).toEqual([
    covered,
    may,
  ]);
});

test("an exact pattern covers just its words, whatever they hold", () => {
  const texts = fc.array(fc.oneof(fc.string(), fc.constantFrom("*", "\\", '""', "a b", "")), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      const pattern = exactPattern(one.map(word));
      if (pattern === undefined) return;
      const read = parsePattern(pattern);
      expect(read).toEqual(one);
      expect(covers(read, one.map(word))).toBe(true);
      const isSame = JSON.stringify(one) === JSON.stringify(other);
      const isPath = other[0]?.includes("/") ?? false;
      expect(isPath || covers(read, other.map(word)) === isSame).toBe(true);
    }),
  );
});

test("a hostile word costs no more than its length", () => {
  const long = word(`${"a".repeat(100_000)}\0`);
  const started = process.cpuUsage().user;
  mayMatch(parsePattern("*a*a*a*a*b"), [long]);
  covers(parsePattern("*a*a*a*a*b"), [long]);
  expect((process.cpuUsage().user - started) / 1000).toBeLessThan(5000);
});

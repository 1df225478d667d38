import { expect, test } from "vitest";

import { parseInput } from "../../src/cli/chat/input.ts";

test.each([
  ["", { type: "nothing" }],
  ["  hello  ", { type: "say", text: "hello", files: [] }],
  ["read this +a.log +b/c.gz", { type: "say", text: "read this", files: ["a.log", "b/c.gz"] }],
  [
    'diff +"my old.yaml" +new.yaml',
    { type: "say", text: "diff", files: ["my old.yaml", "new.yaml"] },
  ],
  ["is 1+1 or +1 right?", { type: "say", text: "is 1+1 or +1 right?", files: [] }],
  ["/new", { type: "command", name: "new" }],
  ["/open t2", { type: "open", thread: "t2" }],
  ["/open", { type: "unknown", text: "/open" }],
  ["/bogus", { type: "unknown", text: "/bogus" }],
  ["stop", { type: "say", text: "stop", files: [] }],
])("parseInput(%j)", (line, expected) => {
  expect(parseInput(line)).toEqual(expected);
});

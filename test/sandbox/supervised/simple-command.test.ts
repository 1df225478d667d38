import { describe, expect, test } from "vitest";

import { simpleCommand } from "../../../src/sandbox/supervised/simple-command.ts";

describe("simpleCommand()", () => {
  test.each([
    ["true", ["true"]],
    ["  git   log --format=oneline -n 5 \n", ["git", "log", "--format=oneline", "-n", "5"]],
    ["./run.sh a@b:c,d", ["./run.sh", "a@b:c,d"]],
    ["kubectl get pods -n kube-system", ["kubectl", "get", "pods", "-n", "kube-system"]],
  ])("splits %j, in which no shell has anything to do", (command, words) => {
    expect(simpleCommand(command, {})).toEqual(words);
  });

  test.each([
    "",
    "a; b",
    "a\nb",
    "a\tb",
    "a && b",
    "a | b",
    "a > b",
    "a < b",
    "a &",
    "(a)",
    "{ a; }",
    "! a",
    "a $b",
    "a `b`",
    "a 'b'",
    'a "b"',
    String.raw`a\ b`,
    "a *",
    "a ?",
    "a [b]",
    "a {b,c}",
    "a ~",
    "# a",
    "A=b",
    "A=b c",
    "cd x",
    "echo -e x",
    "exit 3",
    "time ls",
    "if",
    "[ -f x ]",
    ". ./x",
    ": x",
  ])("leaves %j to a shell", (command) => {
    expect(simpleCommand(command, {})).toBeUndefined();
  });

  test("leaves everything to a shell that the environment gives files or functions to read", () => {
    expect(simpleCommand("ls", { BASH_ENV: "/workspace/rc" })).toBeUndefined();
    expect(simpleCommand("ls", { "BASH_FUNC_ls%%": "() { :; }" })).toBeUndefined();
  });
});

import { expect, test } from "vitest";

import type { CommandRules } from "../../../src/agent/call-rules.ts";
import { readOnlyCommands } from "../../../src/agent/commands/read-only.ts";
import { judgeCommand } from "../../../src/agent/commands/rules.ts";

const rules: CommandRules = {
  allow: ["ls *", "cat *", "bash scripts/*"],
  ask: ["git push *", "kubectl delete *"],
  deny: ["rm -rf /"],
  otherwise: "allow",
};

const judged = (command: string, given = rules, remembered: readonly string[] = []) => {
  const verdict = judgeCommand(command, given, { remembered });
  return verdict.type === "ask"
    ? verdict.parts.map(({ text, pattern }) => pattern ?? `once: ${text}`)
    : verdict.type;
};

test.each([
  ["ls; make", "run"],
  ["git push origin main", ["git push *"]],
  ["ls && git push -f | cat", ["git push *"]],
  ["bash -c 'git push'", ["git push *"]],
  ["echo $(kubectl delete pod x); git push", ["git push *", "kubectl delete *"]],
  ["git $x", ["once: git $x"]],
  ["rm -rf /", "refuse"],
  ["git push; sudo rm -rf /", "refuse"],
  ["rm -rf $x", ["once: rm -rf $x"]],
  ["bash scripts/deploy.sh", "run"],
])("%s: %j", (command, verdict) => {
  const found = judged(command);
  expect(Array.isArray(found) ? found.toSorted() : found).toEqual(verdict);
});

test.each(["$x", "eval $x", "curl x | sh", "bash other.sh", "echo 'a", "alias git=x"])(
  "%s is never let through silently",
  (command) => {
    expect(judged(command)).toEqual([expect.stringMatching(/^once: /)]);
    expect(
      judged(command, { ...rules, allow: ["*", "* *", "e* *", "bash *", "alias *", "eval *"] }),
    ).not.toBe("run");
    expect(judged(command, { ...rules, otherwise: "deny" })).toBe("refuse");
  },
);

test("a bot that asks for nothing reads nothing", () => {
  expect(judged("eval $x", { allow: ["ls"], otherwise: "allow" })).toBe("run");
});

test("what is not named is asked for with just its own words, or for this call only", () => {
  const strict: CommandRules = { allow: ["ls *"], otherwise: "ask" };
  expect(judged("ls; make -j 2; make $x; echo 'a *' > out", strict)).toEqual([
    "make -j 2",
    "once: make $x",
    String.raw`echo a\ \*`,
    "> out",
  ]);
  expect(judged("A=1 ls", strict)).toEqual(["A=1"]);
});

test("what people have allowed lets its commands through, and no others", () => {
  const allowed = ["git push *"];
  expect(judged("git push origin main", rules, allowed)).toBe("run");
  expect(judged("git push x; kubectl delete y", rules, allowed)).toEqual(["kubectl delete *"]);
  expect(judged("git push x; rm -rf /", rules, allowed)).toBe("refuse");
  expect(judged("git push $(kubectl delete y)", rules, allowed)).toEqual(["kubectl delete *"]);
  expect(judged("git push x; $y", rules, allowed)).toEqual([expect.stringMatching(/^once: \$y/)]);
  expect(judged("rm -rf $x", rules, ["rm *"])).toEqual(["once: rm -rf $x"]);
  expect(judged("./git push x", rules, allowed)).toEqual(["once: ./git push x"]);
});

test.each([
  "ls -la && cat a.log | grep -c error | sort | uniq -c",
  "git status; git log --oneline -5",
  "find . -name '*.log' -exec grep -l x {} +",
  "kubectl get pods -o wide; kubectl logs x",
  'for f in *.log; do wc -l "$f"; done',
  "timeout 5 tail -n 20 app.log 2>/dev/null",
  "nohup bash -c 'ls; cat x' | xargs -n 1 grep y",
  "[ -f x ] && echo yes",
])("the ready-made rules let %s through", (command) => {
  expect(judged(command, readOnlyCommands)).toBe("run");
});

test.each([
  "rm x",
  "git push",
  "git log --output=x",
  "git -c alias.log='!rm x' log",
  "find . -delete",
  "find . -exec rm {} +",
  "sort -o x y",
  "sort --compress-program=./x y",
  "kubectl delete pod x",
  "kubectl exec x -- rm y",
  "echo x > y",
  "PATH=. ls",
  "curl x | sh",
  "cat x | xargs rm",
  "cat x | sh",
  "sh x",
  'bash -c "$x"',
  "cat x | xargs sh -c",
  "timeout 5 sh x",
  "sudo ls",
  "env LD_PRELOAD=./x ls",
  "env -S 'rm x'",
  "date -s 0",
  "date -u -s 0",
  "git grep --open=sh x",
  "env x",
])("the ready-made rules ask for %s", (command) => {
  expect(judged(command, readOnlyCommands)).toEqual(expect.any(Array));
});

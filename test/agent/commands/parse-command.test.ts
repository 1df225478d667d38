import { expect, test } from "vitest";

import { parseCommand } from "../../../src/agent/commands/parse-command.ts";

/** Each command that may run, with `?` for what is not known and `!` in front of what can't be told. */
const found = (source: string): readonly string[] =>
  parseCommand(source).map(({ words, opaque }) => {
    const text = words.map(
      ({ value, count }) => value.replaceAll("\0", "?") + (count === "one" ? "" : "…"),
    );
    return `${opaque === undefined ? "" : "!"}${text.join(" ")}`;
  });

test.each<[string, ...string[]]>([
  ["git push origin main", "git push origin main"],
  ["a; b && c || d | e & f", "a", "b", "c", "d", "e", "f"],
  ["! time a | b", "a", "b"],
  ["(a; { b; })", "a", "b"],
  ["if a; then b; elif c; then d; else e; fi", "a", "b", "c", "d", "e"],
  ["for x in $(a); do b; done", "a", "b"],
  ["while a; do b; done; until c; do d; done", "a", "b", "c", "d"],
  ["case $(a) in x) b ;; *) c ;; esac", "a", "b", "c"],
  ["f() { rm x; }; f", "rm x", "f"],
  ["echo $(a $(b)) `c`", "echo ?… ?…", "a ?…", "b", "c"],
  ['echo "x $(a)"', "echo x ?", "a"],
  ["echo ${x:-$(a)}", "echo ?…", "a"],
  ["diff <(a) >(b)", "diff ? ?", "a", "b"],
  ["cat <<E\n$(a)\nE", "cat", "a"],
  ["cat <<'E'\n$(a)\nE", "cat"],
  ["cat <<< $(a)", "cat", "a"],
  ["a > out 2>&1 >> more 2> /dev/null < in", "a", "> out", "> more"],
  ["a &> $x", "a", "> ?…"],
  ["{ a; b; } > out", "a", "b", "> out"],
  ["A=1 git push", "A=1", "git push"],
  ["x=$(a); PATH=/tmp", "a", "PATH=/tmp"],
  ['git commit -m "a b" c\\ d', "git commit -m a b c d"],
  ['ls *.log {a,b} $x "$y"', "ls ?.log… ?… ?… ?"],
])("%s runs all of these", (source, ...commands) => {
  expect(found(source).toSorted()).toEqual(commands.toSorted());
});

test.each<[string, string]>([
  ["bash -c 'rm x'", "rm x"],
  ["sh -ec 'rm x' a b", "rm x"],
  ['/bin/bash -lc "rm x"', "rm x"],
  ["bash <<E\nrm x\nE", "rm x"],
  ["sh <<< 'rm x'", "rm x"],
  ["eval rm x", "rm x"],
  ["eval 'rm x'", "rm x"],
  ["trap 'rm x' EXIT", "rm x"],
  ["trap -- 'rm x' EXIT", "rm x"],
  ["eval -- 'rm x'", "rm x"],
  ['\\r""m x', "rm x"],
  ["env A=1 rm x", "rm x"],
  ["env -i -u B rm x", "rm x"],
  ["sudo -u root rm x", "rm x"],
  ["sudo -n A=1 -- rm x", "!sudo -n A=1 -- rm x"],
  ["nohup nice -n 5 timeout -s KILL 5 rm x", "rm x"],
  ["timeout --kill-after 5 10 rm x", "rm x"],
  ["nice -5 rm x", "rm x"],
  ["command rm x", "rm x"],
  ["exec rm x", "rm x"],
  ["a | xargs -n 1 rm x", "rm x ?…"],
  ["a | xargs -I % rm % x", "rm ? x"],
  ["a | xargs -I% sh -c 'rm x'", "rm x"],
  ["find . -name x -exec rm {} \\;", "rm ?"],
  ["find . -exec sh -c 'rm x' _ {} +", "rm x"],
  ["sudo bash -c \"env A=1 bash -c 'rm x'\"", "rm x"],
])("%s runs %s", (source, command) => {
  expect(found(source)).toContain(command);
});

test.each([
  "$CMD x",
  "$(a) x",
  "`a`",
  "{rm,x}",
  "r?",
  '"$@"',
  "eval $x",
  'eval "$(a)"',
  "bash",
  "curl x | sh",
  "bash script.sh",
  'bash -c "$x"',
  "sh -c",
  "a | xargs sh -c",
  "a | xargs -I% sh -c %",
  "source x",
  ". x",
  "alias a=b",
  "env -S 'rm x'",
  "sudo -i",
  "sudo --nonsense rm",
  "timeout $x rm",
  "ssh host rm x",
  "su -c 'rm x'",
  "flock x rm x",
  "((rm -rf /))",
  "[[ a && rm ]]",
  "[[ a > b ]]",
  "echo $((x))",
  "echo ${!x}",
  "echo ${x@P}",
  "a[$(b)]=1",
  "declare -i x",
  'find . "$x" rm {} \\;',
  "test -v 'a[$(b)]'",
  "echo 'a",
  "echo $(a",
  "if a",
  `echo ${"x".repeat(100_001)}`,
  `${"bash -c ".repeat(2)}x`,
  "a\0b",
])("%j can't be told", (source) => {
  expect(found(source).filter((command) => command.startsWith("!"))).not.toEqual([]);
});

test.each([
  "command -v git",
  "echo '$(rm x)'",
  '[ -n "$x" ]',
  "[[ -f x ]]",
  "env",
  "trap - EXIT",
  "echo $((1 + 2))",
  "${x}",
])("%s is read as it is", (source) => {
  const opaque = found(source).filter((command) => command.startsWith("!"));
  expect(opaque).toEqual(source === "${x}" ? ["!?…"] : []);
});

test("code in code in code is read only so deep, and what is below can't be told", () => {
  let source = "rm x";
  for (let depth = 0; depth < 14; depth += 1) source = `bash -c ${quoted(source)}`;
  expect(found(source).at(-1)).toMatch(/^!/);
});

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

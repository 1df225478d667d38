import { describe, expect, test } from "vitest";

import { type ParsedConfig, parseConfig } from "../../../src/tasks/diff/parse.ts";
import type { Tree } from "../../../src/tasks/diff/tree.ts";
import { valueOf } from "./support.ts";

type Parsed = Extract<ParsedConfig, { type: "parsed" }>;

function parsed(name: string, text: string): Parsed {
  const result = parseConfig(text, { name, format: "auto" });
  if (result.type === "text") throw new Error(`not parsed: ${result.reason}`);
  return result;
}

function values(name: string, text: string): unknown[] {
  return parsed(name, text).documents.map(valueOf);
}

function refusal(name: string, text: string): Extract<ParsedConfig, { type: "text" }> {
  const result = parseConfig(text, { name, format: "auto" });
  if (result.type === "parsed") throw new Error("parsed");
  return result;
}

function at(tree: Tree | undefined, ...keys: string[]): Tree | undefined {
  return keys.reduce<Tree | undefined>(
    (node, key) => (node?.type === "map" ? node.entries.get(key) : undefined),
    tree,
  );
}

describe("YAML", () => {
  test("reads several documents, and none from comments", () => {
    expect(values("a.yaml", "# x\n---\na: 1\n---\n# only this\n---\nb: 2\n...\n")).toEqual([
      { a: 1 },
      { b: 2 },
    ]);
    expect(values("a.yaml", "# nothing\n")).toEqual([]);
  });

  test("reads a great many empty documents", () =>
    expect(values("a.yaml", `${"---\n".repeat(200_000)}a: 1\n`)).toEqual([{ a: 1 }]));

  test("keeps directives with their document", () =>
    expect(values("a.yaml", "%YAML 1.1\n---\na: yes\n---\na: yes\n")).toEqual([
      { a: true },
      { a: "yes" },
    ]));

  test("resolves aliases and merge keys, own keys first", () =>
    expect(
      values("a.yaml", "b: &b {x: 1, y: 2}\nc: &c {z: 3}\nd:\n  x: 9\n  <<: [*b, *c]\ne: *b\n"),
    ).toEqual([{ b: { x: 1, y: 2 }, c: { z: 3 }, d: { x: 9, y: 2, z: 3 }, e: { x: 1, y: 2 } }]));

  test("knows lines over several documents", () => {
    const [, second] = parsed("a.yaml", "a: 1\n---\n\nb:\n  c: |\n    x\n").documents;
    expect(at(second, "b")?.line).toBe(4);
    expect(at(second, "b", "c")?.line).toBe(5);
  });

  test("takes words for what YAML 1.2 takes them for, and numbers as written", () => {
    const [tree] = parsed(
      "a.yaml",
      'no: no\nn: 1.10\ns: "1.10"\nd: 2024-01-01\nh: 0x10\nbig: 12345678901234567890\n',
    ).documents;
    expect(at(tree, "no")).toMatchObject({ kind: "text", value: "no" });
    expect(at(tree, "n")).toMatchObject({ kind: "number", value: "1.1", source: "1.10" });
    expect(at(tree, "s")).toMatchObject({ kind: "text", value: "1.10" });
    expect(at(tree, "d")).toMatchObject({ kind: "text" });
    expect(at(tree, "h")).toMatchObject({ kind: "number", value: "16", source: "0x10" });
    expect(at(tree, "big")).toMatchObject({ value: "12345678901234567890" });
  });

  test("keeps tags of its own", () =>
    expect(at(parsed("a.yaml", "a: !Ref b").documents[0], "a")?.tag).toBe("!Ref"));

  test("tells of duplicate keys", () => {
    const { documents, notes } = parsed("a.yaml", "a: 1\nb: 2\na: 3\n");
    expect(documents.map(valueOf)).toEqual([{ a: 3, b: 2 }]);
    expect(notes).toEqual(['key "a" appears again in line 3: the last one counts']);
  });

  test.each([
    ["a template", "a: {{ .Values.x }}\nb: [", "YAML: "],
    ["an alias bomb", bomb(), "it expands to more than 3,000,000 values"],
    [
      "an alias of itself",
      "a: &a [*a]",
      "it has an alias that refers to nothing before it, or to itself",
    ],
    ["deep nesting", `a: ${"[".repeat(3000)}${"]".repeat(3000)}`, "nested"],
    ["deeper nesting", "[".repeat(100_000), ""],
    ["deep blocks", `${"- ".repeat(20_000)}x`, "nested"],
  ])("refuses %s with the reason", (_, text, reason) => {
    expect(refusal("a.yaml", text).reason).toContain(reason);
  });

  test("tells the line of an error and quotes nothing", () => {
    const { reason, line } = refusal("a.yaml", 'ok: 1\npassword: "hunter2\n  x: [\n');
    expect(line).toBeGreaterThanOrEqual(2);
    expect(reason).not.toContain("hunter2");
  });
});

describe("JSON", () => {
  test("reads one value after the other", () =>
    expect(values("a.ndjson", '{"a":1}\n[2]\n')).toEqual([{ a: 1 }, [2]]));

  test("reads comments and trailing commas, and says so", () => {
    const { documents, notes } = parsed("a.json", '// x\n{"a": [1, 2,], /* y\n */ "b": "//",}');
    expect(documents.map(valueOf)).toEqual([{ a: [1, 2], b: "//" }]);
    expect(notes).toEqual([
      "has comments, which strict JSON does not allow",
      "has trailing commas, which strict JSON does not allow",
    ]);
  });

  test("knows lines and keeps numbers", () => {
    const [tree] = parsed("a.json", '{\n "a": 1.50,\n "b": {\n "c": 9007199254740993}}').documents;
    expect(at(tree, "a")).toMatchObject({ line: 2, source: "1.50", value: "1.5" });
    expect(at(tree, "b", "c")).toMatchObject({ line: 4, value: "9007199254740993" });
  });

  test("keeps __proto__ an ordinary key", () =>
    expect(parsed("a.json", '{"__proto__": {"x": 1}}').documents[0]).toMatchObject({ size: 3 }));

  test.each([
    '{"a": json}',
    '{"a":1',
    '{"a" 1}',
    "[1 2]",
    '"a\nb"',
    "01",
    "[1,,2]",
    "{,}",
    "nul",
    "'a'",
    "/* x",
  ])("refuses %s", (text) => expect(refusal("a.json", text).reason).toBe("it is not valid JSON"));

  test("refuses deep nesting without falling over", () =>
    expect(refusal("a.json", "[".repeat(100_000)).reason).toMatch(/nested more than 500/));

  test("takes what JSON.parse takes", () => {
    for (const value of ["", '\\"\n\u2028é😀', [], {}, [[]], { "": null }, -0.5, 1e300, "\ud800"])
      expect(values("a.json", JSON.stringify(value, undefined, 1))).toEqual([value]);
  });
});

describe("TOML", () => {
  const text =
    'a = 1\n[server]\nhost = "x"\n[[items]]\nname = "one"\n[[items]]\nname = "two"\nwhen = 2024-01-01\n';

  test("reads tables", () =>
    expect(valueOf(at(parsed("a.toml", text).documents[0], "server"))).toEqual({ host: "x" }));

  test("knows lines, also in lists of tables", () => {
    const [tree] = parsed("a.toml", text).documents;
    expect(at(tree, "server", "host")?.line).toBe(3);
    const items = at(tree, "items");
    expect(items?.type === "list" && at(items.items[1], "name")?.line).toBe(7);
    expect(items?.type === "list" && at(items.items[1], "when")).toMatchObject({
      kind: "date",
      value: "2024-01-01",
    });
  });

  test("tells why and where it cannot be read", () => {
    const { reason, line } = refusal("a.toml", "a = 1\npassword = hunter2\n");
    expect(line).toBe(2);
    expect(reason).not.toContain("hunter2");
  });
});

describe("INI", () => {
  test("reads sections, values as they are, and repeated names as lists", () =>
    expect(
      values(
        "a.service",
        '; c\nglobal=1\n[Unit]\nName = a b # c\nq = "x y"\n[Service]\nEnvironment=A=1\nEnvironment=B=2\nskip-networking\n',
      ),
    ).toEqual([
      {
        global: "1",
        Unit: { Name: "a b # c", q: "x y" },
        Service: { Environment: ["A=1", "B=2"], "skip-networking": null },
      },
    ]));

  test("joins continued lines and keeps the count of lines", () => {
    const [tree] = parsed("a.ini", "[a]\nx = 1 \\\n  2\ny = 3\n").documents;
    expect(valueOf(at(tree, "a"))).toEqual({ x: "1  2", y: "3" });
    expect(at(tree, "a", "y")?.line).toBe(4);
  });

  test("keeps __proto__ an ordinary name", () =>
    expect(
      at(parsed("a.ini", "[__proto__]\n__proto__=1\n").documents[0], "__proto__", "__proto__"),
    ).toMatchObject({ value: "1" }));
});

describe(".env", () => {
  test("reads quotes and export", () => {
    const { documents, notes } = parsed(".env.production", "export A=\"x # y\"\nB='2' # c\nC=3\n");
    expect(documents.map(valueOf)).toEqual([{ A: "x # y", B: "2", C: "3" }]);
    expect(notes).toEqual(["has `export` before names, which counts for nothing here"]);
    expect(at(documents[0], "C")?.line).toBe(3);
  });

  test("tells of a line that it passed over", () =>
    expect(parsed("a.env", "A=1\noops\n").notes).toEqual([
      "line 2 is no assignment and was passed over",
    ]));
});

describe("the format", () => {
  test.each([
    ["app.conf", '{"a": 1}', "json"],
    ["app.conf", "[a]\nx = 1\n", "toml"],
    ["app.conf", "[a]\nx = some words\n", "ini"],
    ["app.conf", "A=1\nexport B_C=2\n", "env"],
    ["app.conf", "a: 1\nb:\n  - x\n", "yaml"],
    ["values.yaml.bak", "a: 1\n", "yaml"],
  ])("of %s with %j is %s", (name, text, format) => expect(parsed(name, text).format).toBe(format));

  test.each(["server {\n  listen 80;\n}\n", "Dear all,\nnote: this\nis a letter.\n", ""])(
    "of %j is text",
    (text) => expect(refusal("app.conf", text)).toEqual({ type: "text" }),
  );

  test("is not looked at in a huge file", () =>
    expect(refusal("a.json", `[${" ".repeat(12_000_001)}]`).reason).toBe(
      "it is larger than 12 MB",
    ));
});

function bomb(): string {
  const level = (index: number): string =>
    `a${index}: &a${index} [${`*a${index - 1},`.repeat(10)}]`;
  return ["a0: &a0 [x]", ...Array.from({ length: 20 }, (_, index) => level(index + 1))].join("\n");
}

import { describe, expect, test } from "vitest";

import { diff, DiffData } from "../../../src/tasks/diff/index.ts";
import type { TaskResult } from "../../../src/tasks/task.ts";
import { byPath, fakeContext, pairOf, pairOfNames } from "./support.ts";

interface Run extends TaskResult {
  readonly files: Map<string, string>;
}

async function run(files: Record<string, string | Uint8Array>, input: object = {}): Promise<Run> {
  const { context, artifacts } = fakeContext(files);
  const [before = "", after = ""] = Object.keys(files);
  const result = await diff.run(
    diff.input.parse({ pairs: [{ before, after }], ...input }),
    context,
  );
  DiffData.parse(JSON.parse(JSON.stringify(result.data)));
  return { ...result, files: artifacts };
}

const deployment = (replicas: number, more = ""): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  generation: ${replicas}\nspec:\n  replicas: ${replicas}\n${more}`;

describe("the summary", () => {
  test("names the most important first, with where it stands", async () => {
    const before = deployment(3, "  paused: false\n  template:\n    image: a:1\n");
    const after = deployment(1, "  paused: true\n  template:\n    image: a:latest\n");
    const { summary } = await run({ "old.yaml": before, "new.yaml": after });
    expect(summary).toBe(`**3 differences**: \`old.yaml\` → \`new.yaml\`
⚠️ **image tag moved to latest** (\`a:1\` → \`a:latest\`); **replicas lowered by 67 %** (\`3\` → \`1\`)

- \`spec.template.image\` \`a:1\` → \`a:latest\`, image tag moved to latest (\`new.yaml:10\`)
- \`spec.replicas\` \`3\` → \`1\`, replicas lowered by 67 % (\`new.yaml:7\`)
- \`spec.paused\` \`false\` → \`true\` (\`new.yaml:8\`)

Ignored: 1 in generation.`);
  });

  test("says plainly that there is no difference", async () => {
    const { summary, artifacts } = await run({ "a.json": '{"a":1}', "b.json": '{"a":1}' });
    expect(summary).toBe("**No differences**: `a.json` → `b.json`");
    expect(artifacts).toEqual([]);
  });

  test("tells when only the form differs", async () =>
    expect(
      (await run({ "a.json": '{"a":1,"b":2}', "b.json": '{"b":2, "a":1}' })).summary,
    ).toContain("the files differ only in formatting, comments or the order of keys"));

  test("stays short, whatever the files", async () => {
    const big = (value: string) =>
      JSON.stringify(
        Object.fromEntries(
          Array.from({ length: 5000 }, (_, i) => [`k${i}${"x".repeat(300)}`, value.repeat(300)]),
        ),
      );
    const { summary, data, files } = await run({ "a.json": big("a`"), "b.json": big("b`") });
    expect(summary.length).toBeLessThanOrEqual(1800);
    expect(summary).toMatch(/…and 4,99\d more in diff\.md/);
    expect(JSON.stringify(data).length).toBeLessThan(200_000);
    expect(DiffData.parse(data).pairs[0]).toMatchObject({ total: 5000, cut: 4900 });
    expect(files.get("diff.md")).toContain("2000 more are not shown here.");
  });

  test("covers several pairs", async () => {
    const pairs = Array.from({ length: 6 }, () => ({ before: "a.yaml", after: "b.yaml" }));
    const { summary } = await run(
      { "a.yaml": "a: 1\n", "b.yaml": "a: 2\n" },
      { pairs: [{ before: "a.yaml", after: "a.yaml" }, ...pairs] },
    );
    expect(summary).toContain("**6 of 7 pairs differ.**");
    expect(summary).toContain("…and 3 more pairs in diff.md");
    expect(summary.length).toBeLessThanOrEqual(1800);
  });
});

describe("the artifacts", () => {
  test("are a report and the changes", async () => {
    const { files } = await run({ "x/a.yaml": "a: 1\n", "y/a.yaml": "a: 2\n" });
    expect([...files.keys()]).toEqual(["diff.md", "changes.json"]);
    expect(files.get("diff.md")).toBe(
      "# `x/a.yaml` → `y/a.yaml`\n\nCompared as yaml. 1 changed.\n\n## `a`\n\nchanged · raised to 2 times · `a.yaml:1` → `a.yaml:1`\n\n```diff\n- 1\n+ 2\n```\n\n",
    );
    expect(JSON.parse(files.get("changes.json") ?? "")).toMatchObject({
      pairs: [{ changes: [{ path: "a" }] }],
    });
  });

  test("have a unified diff where lines were compared", async () => {
    const { files, summary } = await run({
      "a.conf": "server {\n  x 1;\n}\n",
      "b.conf": "server {\n  x 2;\n}\n",
    });
    expect(files.get("b.conf.diff")).toBe(
      "--- a.conf\n+++ b.conf\n@@ -1,3 +1,3 @@\n server {\n-  x 1;\n+  x 2;\n }\n",
    );
    expect(summary).toBe(
      "**1 line added, 1 removed**: `a.conf` → `b.conf`\n\n- − `x 1;` + `x 2;` (`b.conf:2`)",
    );
  });
});

describe("the comparison", () => {
  test("leaves out paths that are not asked for, and counts them", () => {
    const pair = pairOf(
      "a: {b: 1, c: 1}\nd: [{name: x, e: 1}]\nf: 1\n",
      "a: {b: 2, c: 2}\nd: [{name: x, e: 2}]\nf: 2\n",
      {
        ignore: ["a.b", "/d/*/e"],
      },
    );
    expect(Object.keys(byPath(pair))).toEqual(["a.c", "f"]);
    expect(pair.ignored).toEqual({ "a.b": 1, "d[x].e": 1 });
  });

  test("leaves out what Kubernetes writes, unless asked for", () => {
    const file = (n: number) =>
      `${deployment(1).replace("generation: 1", `generation: ${n}\n  resourceVersion: "${n}"\n  annotations: {checksum/config: a${n}}`)}status: {ready: ${n}}\n`;
    expect(pairOf(file(1), file(2))).toMatchObject({
      equal: true,
      ignored: { generation: 1, resourceVersion: 1, "checksum annotations": 1, status: 1 },
    });
    expect(pairOf(file(1), file(2), { ignoreNoise: false }).total).toBe(4);
    expect(pairOf("status: 1\n", "status: 2\n").total).toBe(1);
  });

  test("matches Kubernetes objects wherever they stand, and tells which", () => {
    const object = (kind: string, name: string, x: number) =>
      `apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {x: ${x}, y: 1}\n`;
    const before = [object("A", "one", 1), object("A", "two", 1), object("B", "gone", 1)].join(
      "---\n",
    );
    const after = [object("A", "two", 2), object("C", "new", 1), object("A", "one", 1)].join(
      "---\n",
    );
    expect(
      pairOf(before, after).changes.map(
        ({ document, kind, path }) => `${kind} ${document} ${path}`,
      ),
    ).toEqual(["removed B/gone ", "added C/new ", "changed A/two spec.x"]);
  });

  test("takes a renamed object for the same", () => {
    const map = (name: string, value: number) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {a: "1", b: "2", c: "${value}"}\n`;
    const pair = pairOf(
      `${map("x-1", 3)}---\n${map("other", 9)}`,
      `${map("other", 9)}---\n${map("x-2", 4)}`,
    );
    expect(pair.changes.map((change) => change.path).toSorted()).toEqual([
      "data.c",
      "metadata.name",
    ]);
  });

  test("matches plain documents by likeness, then by place", () => {
    const pair = pairOf("a: 1\nb: 1\n---\nc: 1\nd: 1\n", "c: 1\nd: 2\n---\na: 1\nb: 2\n");
    expect(pair.changes.map((change) => change.path).toSorted()).toEqual(["b", "d"]);
  });

  test("compares two formats with each other", () => {
    const { changes, notes } = pairOfNames({
      "a.yaml": "a: 1\nb: x\n",
      "b.json": '{"a": 1, "b": "y"}',
    });
    expect(changes).toHaveLength(1);
    expect(notes).toContain("yaml is compared with json");
  });

  test("tells of texts with several lines only the lines that differ", () =>
    expect(
      byPath(pairOf("a: |\n  one\n  two\n  three\n", "a: |\n  one\n  2\n  three\n"))["a"],
    ).toMatchObject({ before: "two", after: "2" }));

  test("tells an empty file from another", () =>
    expect(pairOf("", "a: 1\n").changes).toMatchObject([{ kind: "added", path: "" }]));
});

describe("files", () => {
  test("that are no text are only told equal or not", async () => {
    const bytes = new Uint8Array([1, 0, 2]);
    expect((await run({ "a.bin": bytes, "b.bin": bytes })).summary).toContain("No differences");
    const { summary } = await run({ "a.bin": bytes, "b.bin": new Uint8Array([1, 0, 3]) });
    expect(summary).toContain("**The files differ**");
    expect(summary).toContain("a.bin: no text, 3 bytes");
  });

  test("in UTF-16 are read", async () => {
    const utf16 = (text: string) => new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"));
    expect((await run({ "a.json": utf16('{"a":1}'), "b.json": '{"a":2}' })).summary).toContain(
      "1 difference",
    );
  });

  test("that are missing are told by name", async () =>
    expect(
      run({ "a.yaml": "a: 1" }, { pairs: [{ before: "a.yaml", after: "b.yaml" }] }),
    ).rejects.toMatchObject({
      code: "TASK_FAILED",
      message: expect.stringContaining('Cannot read "b.yaml"'),
    }));
});

test("the input has defaults and refuses patterns that would be slow", () => {
  const pairs = [{ before: "a", after: "b" }];
  expect(diff.input.parse({ pairs })).toEqual({
    pairs,
    format: "auto",
    ignore: [],
    ignoreNoise: true,
  });
  expect(diff.input.safeParse({ pairs: [] }).success).toBe(false);
  expect(diff.input.safeParse({ pairs, ignore: ["**a**b**c"] }).success).toBe(false);
});

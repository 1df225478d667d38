import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { diff } from "../../../src/tasks/diff/index.ts";
import { byPath, fakeContext, pairOf } from "./support.ts";

describe("the diff task masks", () => {
  test("what stands under a secret name, and tells that it changed and how", () => {
    const { changes } = pairOf("db:\n  password: hunter2\n", "db:\n  password: hunter2hunter2\n");
    expect(changes).toEqual([
      {
        path: "db.password",
        kind: "changed",
        before: "[masked, 7 characters]",
        after: "[masked, 14 characters]",
        masked: true,
        beforeLine: 2,
        afterLine: 2,
        note: "secret changed, 7 → 14 characters",
        risk: false,
      },
    ]);
  });

  test("the values of name and value pairs, numbers too", () => {
    const pair = pairOf(
      "env:\n- {name: DB_PASSWORD, value: 1234567}\n",
      "env:\n- {name: DB_PASSWORD, value: 7654321}\n",
    );
    expect(pair.changes[0]).toMatchObject({
      path: "env[DB_PASSWORD].value",
      before: "[masked, 7 characters]",
    });
  });

  test("all data of a Kubernetes Secret, but not its names", () => {
    const file = (data: string) =>
      `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  tls-name: ${data}\n`;
    expect(pairOf(file("YWJj"), file("YWJkZWY=")).changes[0]).toMatchObject({
      path: "data.tls-name",
      note: "secret changed, 4 → 8 characters",
    });
  });

  test("only the password of a connection string", () =>
    expect(
      byPath(pairOf("url: postgres://a:s3cret@h1/d\n", "url: postgres://a:s3cret@h2/d\n"))["url"],
    ).toMatchObject({
      before: "postgres://a:[masked, 6 characters]@h1/d",
      after: "postgres://a:[masked, 6 characters]@h2/d",
    }));

  test("the item of a command line that follows a secret flag", () =>
    expect(
      pairOf("args: [--token, abc, -v]\n", "args: [--token, abd, -v]\n").changes[0]?.before,
    ).toBe("[masked, 3 characters]"));

  test("a copy of a secret in an annotation that holds the object as JSON", () => {
    const object = (value: string) =>
      JSON.stringify({ kind: "Secret", data: { "some-name": value } });
    const file = (value: string) =>
      `apiVersion: v1\nkind: X\nmetadata:\n  annotations:\n    copy: '${object(value)}'\n`;
    const [change] = pairOf(file("YWJj"), file("YWJk")).changes;
    expect(change).toMatchObject({ masked: true, note: "differs in what is masked" });
    expect(JSON.stringify(change)).not.toMatch(/YWJ/);
  });

  test("neither placeholders, nor names of secrets, nor booleans", () => {
    const pair = pairOf(
      "password: ${A}\nsecretName: a\nuseToken: true\n",
      "password: ${B}\nsecretName: b\nuseToken: false\n",
    );
    expect(pair.changes.some((change) => change.masked)).toBe(false);
    expect(pair.changes).toHaveLength(3);
  });

  test("a weak password where it stands, but not each word that is like it", () => {
    const file = (tag: string) => `POSTGRES_PASSWORD: postgres\nimage: postgres:${tag}\n`;
    expect(pairOf(file("15"), file("16")).changes).toMatchObject([
      { before: "postgres:15", after: "postgres:16" },
    ]);
  });

  test("secrets in files that are compared by lines, where lines stay countable", () => {
    const file = (value: string, key: string) =>
      `{{ if .x }}\npassword: ${value}\n-----BEGIN PRIVATE KEY-----\n${key}\n${key}\n-----END PRIVATE KEY-----\nlast\n`;
    const pair = pairOf(file("hunter2", "MIIEvAAA"), file("hunter3", "MIIEvBBB"));
    expect(pair.format).toBe("text");
    expect(pair.notes[0]).toMatch(/^compared by lines, because old\/app.yaml:\d+: /);
    expect(JSON.stringify(pair)).not.toMatch(/hunter|MIIE/);
    expect(pair.changes[0]).toMatchObject({ afterLine: 2, masked: true });
  });

  test("a generated secret, in whatever output", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...places),
        secret(),
        secret(),
        fc.boolean(),
        async (place, old, fresh, broken) => {
          const { name, text } = place;
          // What cannot be parsed is compared by lines.
          const suffix = broken && !place.structured ? "\n{{ [\n" : "\n";
          const { context, artifacts } = fakeContext({
            [`a/${name}`]: text(old) + suffix,
            [`b/${name}`]: text(fresh) + suffix,
          });
          const pairs = [{ before: `a/${name}`, after: `b/${name}` }];
          const result = await diff.run(diff.input.parse({ pairs, ignoreNoise: false }), context);
          const outputs = [result.summary, JSON.stringify(result.data), ...artifacts.values()];
          for (const output of outputs)
            for (const value of [old, fresh]) {
              expect(output).not.toContain(value);
              expect(output).not.toContain(
                Buffer.from(value).toString("base64").replace(/=+$/, ""),
              );
            }
          expect(JSON.stringify(result.data)).toContain("[masked, ");
        },
      ),
      { numRuns: 300 },
    );
  });
});

interface Place {
  readonly name: string;
  readonly text: (secret: string) => string;
  /** Only its structure tells that there is a secret. */
  readonly structured?: boolean;
}

const places: readonly Place[] = [
  { name: "a.yaml", text: (s) => `db:\n  password: ${s}\n  copy: see ${s} there` },
  { name: "b.yaml", text: (s) => `url: amqp://u:${s}@h/v\nother: "${s}"` },
  {
    name: "c.yaml",
    text: (s) =>
      `apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n  any: ${s}\n  conf: |\n    x=${s}`,
  },
  {
    name: "d.yaml",
    text: (s) => `kind: Secret\ndata:\n  any: ${Buffer.from(s).toString("base64")}`,
  },
  {
    name: "e.yaml",
    structured: true,
    text: (s) => `secrets:\n  one: {deep: [${s}]}\nargs: ["--api-key", "${s}"]`,
  },
  {
    name: "f.yaml",
    text: (s) => `env:\n- name: API_TOKEN\n  value: ${s}\n- name: X\n  value: y${s}z`,
  },
  {
    name: "g.json",
    text: (s) =>
      JSON.stringify(
        { clientSecret: s, note: { text: `uses ${s}` }, [`key ${s}`]: 1 },
        undefined,
        1,
      ),
  },
  {
    name: "h.json",
    text: (s) => JSON.stringify({ last: JSON.stringify({ spec: { password: s } }) }),
  },
  { name: "i.toml", text: (s) => `[db]\npassword = "${s}"\nurl = "redis://:${s}@h"` },
  { name: ".env", text: (s) => `API_KEY=${s}\nexport DATABASE_URL="mysql://a:${s}@h/d"` },
  { name: "j.ini", text: (s) => `[a]\npassword = ${s}\nhint = ${s} ${s}` },
  { name: "k.txt", text: (s) => `set password=${s} now\nAuthorization: Bearer ${s}` },
];

function secret(): fc.Arbitrary<string> {
  return fc.stringMatching(/^[A-Za-z0-9]{8,30}$/).map((text) => `q${text}7Z`);
}

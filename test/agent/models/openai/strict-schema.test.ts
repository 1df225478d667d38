import { expect, test } from "vitest";
import { z } from "zod";

import { jsonSchemaOf } from "../../../../src/agent/define-tool.ts";
import { withoutNulls } from "../../../../src/agent/models/openai/strict-arguments.ts";
import { strictSchema } from "../../../../src/agent/models/openai/strict-schema.ts";
import { builtinTools } from "../../../../src/agent/tools/builtin.ts";
import { call } from "../../../../src/testing/twins/openai/steps.ts";
import { checkStrictSchema } from "../../../../src/testing/twins/openai/strict-schema.ts";
import { ask, open, requestOf, user } from "./twin-model.ts";

const Nested = z.object({
  path: z.string().min(1).describe("Where"),
  limit: z.number().int().min(1).max(9).default(3),
  kind: z.enum(["a", "b"]).optional(),
  note: z.string().nullable(),
  parts: z.array(z.object({ at: z.number().optional() })),
  how: z.discriminatedUnion("type", [
    z.object({ type: z.literal("one"), x: z.string().optional() }),
    z.object({ type: z.literal("two"), y: z.number().nullable().optional() }),
  ]),
});

test("a schema is closed, and what may be left out may be null", () => {
  const schema = strictSchema(jsonSchemaOf(Nested));
  expect(schema).toMatchObject({
    type: "object",
    required: ["path", "limit", "kind", "note", "parts", "how"],
    additionalProperties: false,
    properties: {
      path: { type: "string", description: "Where" },
      limit: { anyOf: [{ type: "integer", minimum: 1, maximum: 9 }, { type: "null" }] },
      kind: { anyOf: [{ enum: ["a", "b"] }, { type: "null" }] },
      parts: { items: { required: ["at"], additionalProperties: false } },
      how: {
        anyOf: [
          { required: ["type", "x"], additionalProperties: false },
          { required: ["type", "y"], additionalProperties: false },
        ],
      },
    },
  });
  expect(JSON.stringify(schema)).not.toMatch(/minLength|"default"|oneOf/);
  expect(() => checkStrictSchema("t", schema, "p")).not.toThrow();
});

test.each([
  ["any value", z.object({ value: z.unknown() })],
  ["a record", z.object({ labels: z.record(z.string(), z.string()) })],
  ["an open object", z.looseObject({ a: z.string() })],
  ["a tuple", z.object({ pair: z.tuple([z.string(), z.number()]) })],
  [
    "an intersection",
    z.object({ a: z.intersection(z.object({ b: z.string() }), z.union([z.string(), z.number()])) }),
  ],
])("%s can't be strict", (_, schema) => {
  expect(strictSchema(jsonSchemaOf(schema))).toBeUndefined();
});

test("a null that stands for nothing is left out before the tool sees it", () => {
  const args = {
    path: "a",
    limit: null,
    kind: null,
    note: null,
    parts: [{ at: null }],
    how: { type: "two", y: null },
  };
  const schema = jsonSchemaOf(Nested);
  const cleaned: unknown = JSON.parse(withoutNulls(JSON.stringify(args), schema));
  expect(cleaned).toEqual({
    path: "a",
    note: null,
    parts: [{}],
    how: { type: "two", y: null },
  });
  expect(Nested.safeParse(cleaned).success).toBe(true);
  const other = { ...args, how: { type: "one", x: null } };
  expect(JSON.parse(withoutNulls(JSON.stringify(other), schema))).toMatchObject({
    how: { type: "one" },
  });
  expect(withoutNulls('{"a": null', schema)).toBe('{"a": null');
});

test("the tools of every agent are taken by the API, and nulls do not reach them", async () => {
  await using api = await open(
    [call("read_file", { path: "a", offset: null, limit: 5, numbers: null })],
    {
      native: false,
    },
  );
  const tools = builtinTools({ tasks: [] });
  const { response } = await ask(api.model, requestOf([user("Read a.")], { tools }));
  expect(JSON.parse(response.toolCalls[0]?.args ?? "")).toEqual({ path: "a", limit: 5 });
  const offered = api.bodies()[0]?.["tools"] as readonly { name: string; strict: boolean }[];
  const strict = offered.filter((tool) => tool.strict).map(({ name }) => name);
  expect(strict).toContain("shell");
  expect(strict).toContain("read_file");
});

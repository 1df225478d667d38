import { expect, test } from "vitest";
import { z } from "zod";

import { defineTool } from "../../src/agent/define-tool.ts";
import type { Tool } from "../../src/agent/tool.ts";

test("defineTool() derives the JSON Schema from what the zod schema accepts", () => {
  const tool: Tool = defineTool({
    name: "clock",
    description: "Tells the time.",
    input: z.object({ zone: z.string().default("UTC"), at: z.string().transform(Number) }),
    effect: "pure",
    run: async ({ zone, at }) => `${zone} ${at + 1}`,
  });
  expect(tool.parameters).toEqual({
    type: "object",
    properties: { zone: { type: "string", default: "UTC" }, at: { type: "string" } },
    required: ["at"],
  });
});

test("defineTool() describes what JSON Schema cannot say as anything", () => {
  const tool = defineTool({
    name: "later",
    description: "",
    input: z.object({ at: z.date() }),
    effect: "pure",
    run: async () => "",
  });
  expect(tool.parameters).toMatchObject({ properties: { at: {} } });
});

test("defineTool() refuses a schema that cannot tell its JSON Schema", () => {
  const input = z.object({});
  const { jsonSchema: _, ...standard } = input["~standard"];
  const old = Object.create(input, { "~standard": { value: standard } });
  const define = () =>
    defineTool({
      name: "old",
      description: "",
      input: old,
      effect: "pure",
      run: async () => "",
    });
  expect(define).toThrow(/Cannot define tool "old".*expected one of zod 4\.2 or newer/);
});

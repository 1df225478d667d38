import type { z } from "zod";

import { type ToolAnswer, toolReturn } from "./tool-return.ts";
import type { Tool, ToolContext } from "./tool.ts";

/** A tool whose input is a zod schema; the JSON Schema for the model comes from it. It may answer with text alone. */
export type ToolDefinition<Schema extends z.ZodType> = Omit<
  Tool<z.output<Schema>>,
  "input" | "parameters" | "run"
> & {
  readonly input: Schema;
  /** Throwing is the same as returning `status: "failed"` with the message as output. */
  run(input: z.output<Schema>, context: ToolContext): Promise<ToolAnswer>;
};

/**
 * Defines a tool by a zod schema. With another Standard Schema library, write the {@link Tool} as an object
 * with `parameters` of its own.
 *
 * @example
 * const clock = defineTool({
 *   name: "clock",
 *   description: "Tells the time in a time zone.",
 *   input: z.object({ timeZone: z.string() }),
 *   effect: "pure",
 *   run: async ({ timeZone }) => new Date().toLocaleString("en", { timeZone }),
 * });
 * @throws {TypeError} when the schema is of a zod before 4.2
 */
export function defineTool<Schema extends z.ZodType>(
  definition: ToolDefinition<Schema>,
): Tool<z.output<Schema>> {
  if (!("jsonSchema" in definition.input["~standard"]))
    throw new TypeError(
      `Cannot define tool "${definition.name}": its schema tells no JSON Schema, expected one of zod 4.2 or newer`,
    );
  return {
    ...definition,
    parameters: jsonSchemaOf(definition.input),
    run: async (input, context) =>
      toolReturn(await definition.run(input, context), definition.name),
  };
}

/**
 * The JSON Schema of what a zod schema accepts. What JSON Schema cannot say is left open. The schema is asked itself
 * (https://standardschema.dev/json-schema), so that importing this package does not load zod.
 */
export function jsonSchemaOf(schema: z.ZodType): Readonly<Record<string, unknown>> {
  const { $schema: _, ...rest } = schema["~standard"].jsonSchema.input({
    target: "draft-2020-12",
    libraryOptions: { unrepresentable: "any" },
  });
  return rest;
}

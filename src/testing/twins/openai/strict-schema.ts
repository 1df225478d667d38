import { z } from "zod";

import { invalidRequest } from "./api-error.ts";

/** https://platform.openai.com/docs/guides/structured-outputs#supported-schemas */
const refused = ["allOf", "oneOf", "not", "if", "then", "else", "patternProperties"];

const Schema = z.looseObject({
  type: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  $defs: z.record(z.string(), z.unknown()).optional(),
});

/** Refuses a schema that strict mode does not take: every object closed, every property required. */
export function checkStrictSchema(name: string, schema: unknown, param: string): void {
  const refuse = (problem: string): Error =>
    invalidRequest(
      `Invalid schema for function '${name}': ${problem}`,
      param,
      "invalid_function_parameters",
    );

  const visit = (value: unknown, context: readonly string[]): void => {
    const at = `In context=(${context.map((key) => `'${key}'`).join(", ")}), `;
    const parsed = Schema.safeParse(value);
    if (!parsed.success) throw refuse(`${at}expected a JSON Schema.`);
    const { properties, required = [], items, anyOf = [], $defs = {} } = parsed.data;
    const keyword = refused.find((key) => key in parsed.data);
    if (keyword !== undefined) throw refuse(`${at}'${keyword}' is not permitted.`);
    if (parsed.data.type === "object" || properties !== undefined) {
      if (parsed.data.additionalProperties !== false) {
        throw refuse(`${at}'additionalProperties' is required to be supplied and to be false.`);
      }
      const left = Object.keys(properties ?? {}).find((key) => !required.includes(key));
      if (left !== undefined) {
        throw refuse(
          `${at}'required' is required to be supplied and to be an array including every key in properties. Missing '${left}'.`,
        );
      }
    }
    for (const [key, child] of Object.entries(properties ?? {})) {
      visit(child, [...context, "properties", key]);
    }
    for (const [key, child] of Object.entries($defs)) visit(child, [...context, "$defs", key]);
    for (const [index, child] of anyOf.entries()) visit(child, [...context, "anyOf", `${index}`]);
    if (items !== undefined) visit(items, [...context, "items"]);
  };

  const root = Schema.safeParse(schema);
  if (!root.success || root.data.type !== "object") {
    throw refuse("schema must be a JSON Schema of 'type: \"object\"'.");
  }
  visit(schema, []);
}

import { z } from "zod";

const Fields = z.record(z.string(), z.unknown());
const Schema = z.object({
  type: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
});

/**
 * The arguments of a strict function as the tool's own schema has them: a null that stands for "left out" is left out.
 * What is no JSON stays as it is.
 */
export function withoutNulls(args: string, schema: unknown): string {
  if (!args.includes("null")) return args;
  try {
    return JSON.stringify(drop(JSON.parse(args), schema));
  } catch {
    // The model wrote no JSON: the harness tells it so.
    return args;
  }
}

function drop(value: unknown, schema: unknown): unknown {
  const { properties, required = [], items, anyOf, oneOf } = Schema.catch({}).parse(schema);
  if (Array.isArray(value))
    return items === undefined ? value : value.map((one) => drop(one, items));
  const fields = Fields.safeParse(value);
  if (!fields.success) return value;
  const members = anyOf ?? oneOf;
  if (members)
    return drop(
      value,
      members.find((member) => couldBe(fields.data, member)),
    );
  if (!properties) return value;
  const kept = Object.entries(fields.data).filter(
    ([name, field]) =>
      field !== null ||
      required.includes(name) ||
      !(name in properties) ||
      takesNull(properties[name]),
  );
  return Object.fromEntries(kept.map(([name, field]) => [name, drop(field, properties[name])]));
}

/** The member of a union that the object was written for: it has just these properties, and the same constants. */
function couldBe(fields: Readonly<Record<string, unknown>>, member: unknown): boolean {
  const { properties = {} } = Schema.catch({}).parse(member);
  return Object.entries(fields).every(([name, field]) => {
    if (!(name in properties)) return false;
    const { const: fixed } = z
      .object({ const: z.unknown() })
      .catch({ const: undefined })
      .parse(properties[name]);
    return fixed === undefined || fixed === field;
  });
}

function takesNull(schema: unknown): boolean {
  const { type, anyOf = [] } = Schema.catch({}).parse(schema);
  if (type === "null" || (Array.isArray(type) && type.includes("null"))) return true;
  return anyOf.some(takesNull);
}

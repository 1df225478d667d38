import { z } from "zod";

type Schema = Readonly<Record<string, unknown>>;

const Fields = z.record(z.string(), z.unknown());
const Properties = z.record(z.string(), Fields);

/**
 * A tool's JSON Schema in the form that strict mode takes, in which the model cannot leave the schema: objects are
 * closed, and a property that may be left out is required and may be null. Undefined where the schema says what strict
 * mode cannot. What only narrows a value is left out: the tool checks its input all the same.
 *
 * https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 */
export function strictSchema(schema: Schema): Schema | undefined {
  return schema["type"] === "object" ? strict(schema) : undefined;
}

function strict(schema: Schema): Schema | undefined {
  if (tooOpen.some((keyword) => keyword in schema)) return undefined;
  if (!says.some((keyword) => keyword in schema)) return undefined;
  const { type, properties, required, additionalProperties, items, anyOf, oneOf } = schema;
  const kept = Object.entries(schema).filter(([keyword]) => plain.has(keyword));
  const result: Record<string, unknown> = Object.fromEntries(kept);
  if (typeof schema["pattern"] === "string" && /\(\?[=!<]/.test(schema["pattern"])) {
    delete result["pattern"];
  }
  if (typeof schema["format"] === "string" && !formats.has(schema["format"]))
    delete result["format"];
  if (type === "object" || properties !== undefined) {
    if (additionalProperties !== undefined && additionalProperties !== false) return undefined;
    const closed = closedObject(properties ?? {}, required);
    if (!closed) return undefined;
    Object.assign(result, closed);
  }
  if (items !== undefined) {
    const parsed = Fields.safeParse(items);
    const of = parsed.success ? strict(parsed.data) : undefined;
    if (!of) return undefined;
    result["items"] = of;
  }
  // The model can't be told that just one may hold; that one does is enough.
  for (const union of [anyOf, oneOf]) {
    if (union === undefined) continue;
    const members = z.array(Fields).safeParse(union).data?.map(strict);
    if (!members || members.includes(undefined)) return undefined;
    result["anyOf"] = members;
  }
  return result;
}

function closedObject(properties: unknown, required: unknown): Schema | undefined {
  const all = strictAll(properties);
  if (!all) return undefined;
  const needed = z.array(z.string()).catch([]).parse(required);
  const entries = Object.entries(all).map(([name, property]) =>
    needed.includes(name) || takesNull(property)
      ? [name, property]
      : [name, { anyOf: [property, { type: "null" }] }],
  );
  return {
    properties: Object.fromEntries(entries),
    required: Object.keys(all),
    additionalProperties: false,
  };
}

function strictAll(schemas: unknown): Readonly<Record<string, Schema>> | undefined {
  const parsed = Properties.safeParse(schemas);
  if (!parsed.success) return undefined;
  const result: Record<string, Schema> = {};
  for (const [name, schema] of Object.entries(parsed.data)) {
    const of = strict(schema);
    if (!of) return undefined;
    result[name] = of;
  }
  return result;
}

function takesNull({ type, anyOf }: Schema): boolean {
  if (type === "null" || (Array.isArray(type) && type.includes("null"))) return true;
  const members = z.array(Fields).safeParse(anyOf).data ?? [];
  return members.some(takesNull);
}

/** Strict mode has nothing for these; but for references, behind which a null could not be told from one that is meant. */
const tooOpen = [
  "$ref",
  "$defs",
  "allOf",
  "not",
  "if",
  "then",
  "else",
  "patternProperties",
  "prefixItems",
  "unevaluatedProperties",
  "dependentRequired",
  "dependentSchemas",
];

/** A schema without any of these takes anything. */
const says = ["type", "anyOf", "oneOf", "enum", "const"];

const plain = new Set(
  (
    "type enum const description pattern format " +
    "multipleOf minimum maximum exclusiveMinimum exclusiveMaximum minItems maxItems"
  ).split(" "),
);

const formats = new Set("date-time time date duration email hostname ipv4 ipv6 uuid".split(" "));

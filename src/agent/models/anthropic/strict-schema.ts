/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations */
export const maxStrictTools = 20;

/**
 * Whether the API can hold a model to a schema. One that it cannot is offered as it is, and the tool checks what comes.
 * Optional fields are counted against a limit of the whole request, so only schemas without any qualify.
 */
export function isStrict(schema: unknown): boolean {
  if (!isRecord(schema) || Object.keys(schema).some((key) => !understood.has(key))) return false;
  const { type, properties, required, additionalProperties, items, anyOf } = schema;
  if (type === "object") {
    if (additionalProperties !== false || !isRecord(properties)) return false;
    const names = Object.keys(properties);
    if (!Array.isArray(required) || names.some((name) => !required.includes(name))) return false;
    return Object.values(properties).every(isStrict);
  }
  if (Array.isArray(anyOf)) return anyOf.every(isStrict);
  if (type === "array") return isStrict(items);
  return typeof type === "string" || "enum" in schema || "const" in schema;
}

const understood = new Set(
  "type properties required additionalProperties items anyOf enum const title description".split(
    " ",
  ),
);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

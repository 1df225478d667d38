/** The value of a JSON text; undefined when it is none. */
export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // Models write broken JSON: that is for the caller to see.
    return undefined;
  }
}

/**
 * The arguments of an earlier call, as the model gets them back. Vendors take only objects, so broken JSON is wrapped in one:
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/fine-grained-tool-streaming#handling-invalid-json-in-tool-responses
 */
export function objectOf(json: string): object {
  const value = json === "" ? {} : parsed(json);
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value
    : { INVALID_JSON: json };
}

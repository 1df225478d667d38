import type { z } from "zod";

import { type ApiError, invalidRequest } from "./api-error.ts";

type Issue = z.core.$ZodIssue;

/**
 * Parses a part of a request, or refuses it the way the API does: the first problem, with the parameter's path in
 * `param` and a code such as `missing_required_parameter`.
 */
export function parse<T>(
  schema: z.ZodType<T>,
  value: unknown,
  root: readonly PropertyKey[] = [],
): T {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw invalidRequest("Invalid request.", null);
  throw refusal(issue, root);
}

function refusal(issue: Issue, above: readonly PropertyKey[]): ApiError {
  const path = [...above, ...issue.path];
  const param = paramOf(path);
  switch (issue.code) {
    case "invalid_union": {
      if (issue.discriminator !== undefined) return unsupported(param, issue);
      const nested = closest(issue.errors);
      if (nested !== undefined) return refusal(nested, path);
      return invalidRequest(`Invalid type for '${param}'.`, param, "invalid_type");
    }
    case "invalid_value":
      return unsupported(param, issue);
    case "unrecognized_keys": {
      const unknown = paramOf([...path, issue.keys[0] ?? ""]);
      return invalidRequest(`Unknown parameter: '${unknown}'.`, unknown, "unknown_parameter");
    }
    case "invalid_type": {
      if (issue.input === undefined) return missing(param);
      const message = `Invalid type for '${param}': expected ${issue.expected}, but got ${nameOf(issue.input)} instead.`;
      return invalidRequest(message, param, "invalid_type");
    }
    case "too_big": {
      if (issue.origin === "string") {
        const message = `Invalid '${param}': string too long. Expected a string with maximum length ${issue.maximum}, but got a string with length ${String(issue.input).length} instead.`;
        return invalidRequest(message, param, "string_above_max_length");
      }
      return outOfRange(
        param,
        `at most ${issue.maximum}`,
        `${kindOf(issue.origin)}_above_max_value`,
      );
    }
    case "too_small":
      return outOfRange(
        param,
        `at least ${issue.minimum}`,
        `${kindOf(issue.origin)}_below_min_value`,
      );
    case "invalid_format": {
      const prefix = "prefix" in issue ? ` that begins with '${String(issue.prefix)}'` : "";
      const message = `Invalid '${param}': '${String(issue.input)}'. Expected an ID${prefix}.`;
      return invalidRequest(message, param, "invalid_value");
    }
    case "invalid_element":
    case "invalid_key":
    case "not_multiple_of":
    case "custom":
      return invalidRequest(`Invalid '${param}': ${issue.message}.`, param, "invalid_value");
  }
}

/** Of a union's branches, the one that the value was meant for: its problem lies deepest. */
function closest(branches: readonly (readonly Issue[])[]): Issue | undefined {
  const firsts = branches.flatMap(([first]) => (first === undefined ? [] : [first]));
  const depth = (issue: Issue): number =>
    issue.path.length * 2 + (issue.code === "invalid_type" ? 0 : 1);
  return firsts.toSorted((a, b) => depth(b) - depth(a))[0];
}

export function missing(param: string): ApiError {
  const message = `Missing required parameter: '${param}'.`;
  return invalidRequest(message, param, "missing_required_parameter");
}

function unsupported(param: string, { input }: Issue): ApiError {
  const value = typeof input === "object" && input !== null ? lastOf(input, param) : input;
  if (value === undefined) return missing(param);
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  return invalidRequest(`Invalid value: '${shown}'.`, param, "invalid_value");
}

/** A discriminator's issue holds the whole object, and its path ends in the discriminator. */
function lastOf(input: object, param: string): unknown {
  return new Map(Object.entries(input)).get(param.split(".").at(-1) ?? "");
}

/** The numbers with limits are integers, but for `temperature` and `top_p`, whose code matters to nobody. */
function kindOf(origin: string): string {
  return origin === "number" ? "integer" : origin;
}

function outOfRange(param: string, expected: string, code: string): ApiError {
  return invalidRequest(`Invalid '${param}': expected ${expected}.`, param, code);
}

/** `["input", 0, "call_id"]` is `input[0].call_id`. */
function paramOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

function nameOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

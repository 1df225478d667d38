import { Refusal } from "./refusal.ts";

/** The arguments of a call, read one by one; each that nobody asked for is a mistake of the caller. */
export interface Params {
  text(name: string): string;
  optional(name: string): string | undefined;
  json(name: string): unknown;
  flag(name: string, otherwise: boolean): boolean;
  /** Slack ignores what it does not know; a typing error would go unseen. */
  nothingElse(): void;
}

export function paramsOf(given: URLSearchParams): Params {
  const known = new Set(["token"]);
  const optional = (name: string): string | undefined => {
    known.add(name);
    return given.get(name) ?? undefined;
  };
  return {
    optional,
    text(name) {
      const value = optional(name);
      if (value === undefined || value === "") throw invalid(`missing required field: ${name}`);
      return value;
    },
    json(name) {
      const value = optional(name);
      if (value === undefined) return undefined;
      try {
        return JSON.parse(value);
      } catch {
        // Not JSON at all: the caller's mistake.
        throw invalid(`not JSON: ${name}`);
      }
    },
    flag: (name, otherwise) => {
      const value = optional(name);
      return value === undefined ? otherwise : value === "true" || value === "1";
    },
    nothingElse() {
      const others = [...given.keys()].filter((name) => !known.has(name));
      if (others.length > 0) throw invalid(`unknown arguments: ${others.join(", ")}`);
    },
  };
}

const invalid = (problem: string): Refusal =>
  new Refusal("invalid_arguments", {
    response_metadata: { messages: [`[ERROR] ${problem}`] },
  });

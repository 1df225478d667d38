import type { ToolReturn } from "./tool.ts";

/** What a tool may give: text alone, or an object of which only `output` has to be there. Default: `status: "ok"`. */
export type ToolAnswer = string | (Pick<ToolReturn, "output"> & Partial<ToolReturn>);

/** Fills in what is not there. Tools may be written without types, and one that gives something else has failed. */
export function toolReturn(given: unknown, tool: string): ToolReturn {
  const empty = { status: "ok", measures: {}, artifacts: [] } as const;
  if (typeof given === "string") return { ...empty, output: given };
  if (isAnswer(given)) return { ...empty, ...given };
  const output = `Tool "${tool}" ran, but gave ${given === null ? "null" : typeof given}, expected text or an object with "output"`;
  return { ...empty, status: "failed", output };
}

const isAnswer = (given: unknown): given is Exclude<ToolAnswer, string> =>
  typeof given === "object" &&
  given !== null &&
  "output" in given &&
  typeof given.output === "string";

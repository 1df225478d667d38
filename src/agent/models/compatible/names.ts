import type { ToolSpec } from "../../model.ts";

/** How tools are called on the wire: names are `^[a-zA-Z0-9_-]{1,64}$`. */
export interface Names {
  /** The wire's name of a tool of ours. */
  of(tool: string): string;
  /** Our tool behind it; what is not known stays as it is. */
  meant(name: string): string;
}

export function namesOf(tools: readonly ToolSpec[]): Names {
  const names = new Map<string, string>();
  for (const { name } of tools) {
    const taken = new Set(names.values());
    const wire = clean(name);
    names.set(name, taken.has(wire) ? `${wire}_${names.size}` : wire);
  }
  const back = new Map([...names].map(([tool, name]) => [name, tool]));
  return {
    of: (tool) => names.get(tool) ?? clean(tool),
    meant: (name) => back.get(name) ?? name,
  };
}

const clean = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 60);

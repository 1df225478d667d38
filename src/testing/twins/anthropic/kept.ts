import { canonical } from "../scripting/tokens.ts";
import type { Block } from "./blocks.ts";
import { isThought } from "./thinking.ts";

/** What the twin remembers of its own answers, to see whether they come back as they were. */
export interface Kept {
  keep(content: readonly OwnBlock[], isPaused: boolean): void;
  /** Whether this is an answer that paused. */
  isPaused(content: readonly Block[]): boolean;
  /** The place of the first block that is not as the twin sent it with the same call. */
  changedThought(content: readonly Block[]): number | undefined;
}

/** A block as the twin sends it. */
export type OwnBlock = { readonly type: string } & Readonly<Record<string, unknown>>;

export function kept(): Kept {
  const paused = new Set<string>();
  const thoughts = new Map<string, readonly string[]>();
  return {
    keep(content, isPaused) {
      if (isPaused) paused.add(bare(content));
      const thought = content.filter(isThought).map(canonical);
      for (const { type, id } of content)
        if (type === "tool_use" && typeof id === "string") thoughts.set(id, thought);
    },
    isPaused: (content) => paused.has(bare(content)),
    changedThought(content) {
      const call = content.find(({ type }) => type === "tool_use");
      const sent = call?.type === "tool_use" ? thoughts.get(call.id) : undefined;
      if (sent === undefined) return undefined;
      const back = content.flatMap((block, at) =>
        isThought(block) ? [{ at, text: canonical(block) }] : [],
      );
      const changed = sent.findIndex((text, index) => back[index]?.text !== text);
      if (changed !== -1) return back[changed]?.at ?? 0;
      return back[sent.length]?.at;
    },
  };
}

/** A breakpoint may be set on what comes back. */
const bare = (content: readonly object[]): string =>
  canonical(content.map((block) => ({ ...block, cache_control: undefined })));

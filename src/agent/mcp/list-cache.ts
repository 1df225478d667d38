import type { Clock } from "../../core/clock.ts";
import type { ListedTool } from "./listed-tool.ts";

/** The tools of one server, by what they depend on. */
export interface ListCache {
  set(key: string, tools: readonly ListedTool[]): void;
  /** What is known, else what `load` finds. Where that fails, what was known before will do; else it rejects, for a while. */
  get(
    key: string,
    load: () => Promise<readonly ListedTool[]>,
    options: { readonly signal: AbortSignal },
  ): Promise<readonly ListedTool[]>;
}

export interface ListCacheOptions {
  /** How long a list is taken for true. Default: until the server says that it has changed. */
  readonly freshMs?: number;
  readonly clock: Pick<Clock, "now">;
}

export function listCache({ freshMs = Infinity, clock }: ListCacheOptions): ListCache {
  const kept = new Map<string, Kept>();
  return {
    set(key, tools) {
      kept.set(key, { tools, at: clock.now() });
    },
    async get(key, load, { signal }) {
      const { tools, at = 0, failure } = kept.get(key) ?? {};
      if (tools && clock.now() - at < freshMs) return tools;
      if (failure && clock.now() - failure.at < retryMs) {
        if (tools) return tools;
        throw failure.error;
      }
      try {
        const loaded = await load();
        kept.set(key, { tools: loaded, at: clock.now() });
        return loaded;
      } catch (error) {
        if (signal.aborted) throw error;
        const failed = { error, at: clock.now() };
        kept.set(key, { ...(tools && { tools, at }), failure: failed });
        if (tools) return tools;
        throw error;
      }
    },
  };
}

interface Kept {
  readonly tools?: readonly ListedTool[];
  readonly at?: number;
  readonly failure?: { readonly error: unknown; readonly at: number };
}

/** Not every turn is to wait for a server that does not answer. */
const retryMs = 60_000;

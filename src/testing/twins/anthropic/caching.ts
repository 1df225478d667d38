import { canonical, tokensIn } from "../scripting/tokens.ts";
import { Refusal } from "./refusal.ts";
import type { Message, Prompt } from "./request.ts";

/** A part of the prompt at whose end it can be cached. */
interface Unit {
  readonly key: string;
  readonly tokens: number;
  readonly ttl: "5m" | "1h" | undefined;
  readonly place: string;
}

export interface InputUsage {
  readonly input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_creation: {
    readonly ephemeral_5m_input_tokens: number;
    readonly ephemeral_1h_input_tokens: number;
  };
}

/** Prefixes that earlier requests left behind. */
export interface Cache {
  /** Computes what a request reads and writes, and writes it. */
  use(prompt: Prompt, minimumTokens: number): InputUsage;
  clear(): void;
}

/**
 * A breakpoint caches the prompt up to it: tools, then system, then messages. A later request reads the longest prefix that
 * ends at one of its breakpoints, or at most 20 blocks before.
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
export function promptCache(): Cache {
  const written = new Set<string>();
  return {
    use(prompt, minimumTokens) {
      const units = unitsOf(prompt);
      const sizes = runningSum(units.map(({ tokens }) => tokens));
      const prefixes = units.map((_, index) =>
        canonical(units.slice(0, index + 1).map(({ key }) => key)),
      );
      const sizeAt = (index: number): number => sizes[index] ?? 0;
      const points = units.flatMap(({ ttl }, index) =>
        ttl !== undefined && sizeAt(index) >= minimumTokens ? [{ index, ttl }] : [],
      );
      const read = Math.max(
        0,
        ...points.flatMap(({ index }) =>
          prefixes
            .slice(0, index + 1)
            .flatMap((prefix, at) => (index - at < 20 && written.has(prefix) ? [sizeAt(at)] : [])),
        ),
      );
      const created = { "5m": 0, "1h": 0 };
      let covered = read;
      for (const { index, ttl } of points) {
        written.add(prefixes[index] ?? "");
        created[ttl] += Math.max(0, sizeAt(index) - covered);
        covered = Math.max(covered, sizeAt(index));
      }
      return {
        input_tokens: sizeAt(units.length - 1) - covered,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: created["5m"] + created["1h"],
        cache_creation: {
          ephemeral_5m_input_tokens: created["5m"],
          ephemeral_1h_input_tokens: created["1h"],
        },
      };
    },
    clear: () => written.clear(),
  };
}

export const inputTokens = (prompt: Prompt): number =>
  unitsOf(prompt).reduce((sum, { tokens }) => sum + tokens, 0);

export function checkBreakpoints(prompt: Prompt): void {
  const points = unitsOf(prompt).filter(({ ttl }) => ttl !== undefined);
  if (points.length > 4)
    throw new Refusal(
      `A maximum of 4 blocks with cache_control may be provided. Found ${points.length}.`,
    );
  const short = points.findIndex(({ ttl }) => ttl === "5m");
  const long = points.findLast(({ ttl }) => ttl === "1h");
  if (long !== undefined && short !== -1 && points.indexOf(long) > short)
    throw new Refusal(
      `${long.place}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. ` +
        "Note that blocks are processed in the following order: `tools`, `system`, `messages`.",
    );
}

function unitsOf(prompt: Prompt): readonly Unit[] {
  const { model, tools = [], system = [], tool_choice, thinking, cache_control } = prompt;
  // What invalidates the messages but not what comes before them is part of their key.
  const mode = canonical({ tool_choice, thinking });
  const units = [
    ...tools.map((tool, index) => unit(tool, { place: `tools.${index}`, salt: model })),
    ...system.map((block, index) => unit(block, { place: `system.${index}`, salt: model })),
    ...sinceCompaction(prompt.messages).flatMap(({ role, content }, index) =>
      content.map((block, at) =>
        unit(block, { place: `messages.${index}.content.${at}`, salt: `${model} ${mode} ${role}` }),
      ),
    ),
  ];
  const last = units.at(-1);
  if (!cache_control || last === undefined || last.ttl !== undefined) return units;
  return [...units.slice(0, -1), { ...last, ttl: cache_control.ttl ?? "5m" }];
}

function unit(
  block:
    | { readonly cache_control?: { readonly ttl?: "5m" | "1h" | undefined } | null | undefined }
    | object,
  { place, salt }: { readonly place: string; readonly salt: string },
): Unit {
  const control = "cache_control" in block ? block.cache_control : undefined;
  const text = canonical({ ...block, cache_control: undefined });
  return {
    key: `${salt} ${text}`,
    tokens: tokensIn(text),
    ttl: control ? (control.ttl ?? "5m") : undefined,
    place,
  };
}

/** The model does not read what a compaction replaces. https://platform.claude.com/docs/en/build-with-claude/compaction */
function sinceCompaction(messages: readonly Message[]): readonly Message[] {
  const start = messages.findLastIndex(({ content }) =>
    content.some(({ type }) => type === "compaction"),
  );
  return start === -1 ? messages : messages.slice(start);
}

function runningSum(values: readonly number[]): readonly number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}

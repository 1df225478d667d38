import { OpsthreadError } from "../../core/errors.ts";

/** Which emoji beneath messages do what. What is left out has its default, an empty list switches it off. */
export interface ControlEmoji {
  /** Ends what runs. Default 🛑. */
  readonly stop?: string | readonly string[];
  /** Approves once. Default ✅. */
  readonly approve?: string | readonly string[];
  /** Denies. Default ❌. */
  readonly deny?: string | readonly string[];
}

export type EmojiMeaning = keyof ControlEmoji;

/** How a platform names emoji. */
export interface EmojiNames {
  readonly defaults: Readonly<Record<EmojiMeaning, string>>;
  /** The name as the platform tells it, out of what somebody wrote; undefined for what can't be one. */
  readonly nameOf: (written: string) => string | undefined;
  /** What is expected, in words. */
  readonly expected: string;
}

/**
 * What each emoji means, by its name; nothing where they are switched off.
 * @throws {OpsthreadError} `CONFIG_INVALID` for what can't be a name, and for one that would mean two things
 */
export function controlEmoji(
  reactions: boolean | ControlEmoji,
  { defaults, nameOf, expected }: EmojiNames,
): ReadonlyMap<string, EmojiMeaning> {
  const meanings = new Map<string, EmojiMeaning>();
  if (reactions === false) return meanings;
  const { stop, approve, deny } = { ...defaults, ...(reactions === true ? {} : reactions) };
  for (const [meaning, given] of [
    ["stop", stop],
    ["approve", approve],
    ["deny", deny],
  ] as const)
    for (const each of [given].flat()) {
      const name = nameOf(each);
      if (name === undefined) throw invalid(meaning, each, `expected ${expected}`);
      const other = meanings.get(name) ?? meaning;
      if (other !== meaning) throw invalid(meaning, each, `it means ${other} already`);
      meanings.set(name, meaning);
    }
  return meanings;
}

const invalid = (meaning: EmojiMeaning, name: string, problem: string): OpsthreadError =>
  new OpsthreadError("CONFIG_INVALID", `Cannot use reactions.${meaning} "${name}": ${problem}`);

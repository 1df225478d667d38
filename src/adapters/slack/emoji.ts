import { OpsthreadError } from "../../core/errors.ts";

/**
 * Which emoji beneath messages do what: names as Slack shows them between colons, such as `octagonal_sign` or `+1`, also
 * of a workspace's own. What is left out has its default, `[]` switches it off. In any skin tone.
 */
export interface ControlEmoji {
  /** Ends what runs. Default `octagonal_sign`, 🛑. */
  readonly stop?: string | readonly string[];
  /** Approves once. Default `white_check_mark`, ✅. */
  readonly approve?: string | readonly string[];
  /** Denies. Default `x`, ❌. */
  readonly deny?: string | readonly string[];
}

export type EmojiMeaning = keyof ControlEmoji;

/**
 * What each emoji means, by its name; nothing where they are switched off.
 * @throws {OpsthreadError} `CONFIG_INVALID` for what can't be a name, and for one that would mean two things
 */
export function emojiMeanings(
  reactions: boolean | ControlEmoji,
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
      const name = emojiName(each);
      if (!namePattern.test(name))
        throw invalid(meaning, each, "expected a name as in Slack, such as octagonal_sign");
      const other = meanings.get(name) ?? meaning;
      if (other !== meaning) throw invalid(meaning, each, `it means ${other} already`);
      meanings.set(name, meaning);
    }
  return meanings;
}

/** Without colons and skin tone: `:+1::skin-tone-2:` is `+1`. */
export const emojiName = (text: string): string =>
  text.replace(/^:/, "").replace(/:?:skin-tone-\d:?$|:$/, "");

const defaults = { stop: "octagonal_sign", approve: "white_check_mark", deny: "x" };
/** In any script, but no emoji itself. */
const namePattern = /^(?!.*\p{Extended_Pictographic})[^\s:<>]{1,100}$/u;

const invalid = (meaning: EmojiMeaning, name: string, problem: string): OpsthreadError =>
  new OpsthreadError("CONFIG_INVALID", `Cannot use reactions.${meaning} "${name}": ${problem}`);

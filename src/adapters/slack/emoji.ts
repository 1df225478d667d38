import {
  type ControlEmoji as CommonControlEmoji,
  controlEmoji,
  type EmojiMeaning,
} from "../text/control-emoji.ts";

/**
 * Which emoji beneath messages do what: names as Slack shows them between colons, such as `octagonal_sign` or `+1`, also
 * of a workspace's own. What is left out has its default, `[]` switches it off. In any skin tone.
 */
export type ControlEmoji = CommonControlEmoji;

/**
 * What each emoji means, by its name; nothing where they are switched off.
 * @throws {OpsthreadError} `CONFIG_INVALID` for what can't be a name, and for one that would mean two things
 */
export const emojiMeanings = (
  reactions: boolean | ControlEmoji,
): ReadonlyMap<string, EmojiMeaning> =>
  controlEmoji(reactions, {
    defaults: { stop: "octagonal_sign", approve: "white_check_mark", deny: "x" },
    nameOf(written) {
      const name = emojiName(written);
      return namePattern.test(name) ? name : undefined;
    },
    expected: "a name as in Slack, such as octagonal_sign",
  });

/** Without colons and skin tone: `:+1::skin-tone-2:` is `+1`. */
export const emojiName = (text: string): string =>
  text.replace(/^:/, "").replace(/:?:skin-tone-\d:?$|:$/, "");

/** In any script, but no emoji itself. */
const namePattern = /^(?!.*\p{Extended_Pictographic})[^\s:<>]{1,100}$/u;

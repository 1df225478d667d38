import {
  type ControlEmoji as CommonControlEmoji,
  controlEmoji,
  type EmojiMeaning,
} from "../text/control-emoji.ts";

/**
 * Which emoji beneath messages do what: themselves, such as `🛑`, or a server's own by their ids, also as `<:name:id>`.
 * What is left out has its default, `[]` switches it off. In any skin tone.
 */
export type ControlEmoji = CommonControlEmoji;

/**
 * What each emoji means, by {@link emojiKey}; nothing where they are switched off.
 * @throws {OpsthreadError} `CONFIG_INVALID` for what is no emoji, and for one that would mean two things
 */
export const emojiMeanings = (
  reactions: boolean | ControlEmoji,
): ReadonlyMap<string, EmojiMeaning> =>
  controlEmoji(reactions, {
    defaults: { stop: "🛑", approve: "✅", deny: "❌" },
    nameOf(written) {
      const own = /^(?:<a?:\w+:)?(\d{1,20})>?$/.exec(written)?.[1];
      if (own !== undefined) return own;
      return isEmoji.test(written) ? emojiKey({ name: written }) : undefined;
    },
    expected:
      "an emoji such as 🛑, or the id of a server's own: write \\:name: in Discord to see it",
  });

/** A server's own emoji is known by its id, as anybody may give another one its name; the others by themselves. */
export const emojiKey = ({
  id,
  name,
}: {
  readonly id?: string | null | undefined;
  readonly name?: string | null | undefined;
}): string => id ?? (name ?? "").replaceAll(/\p{Emoji_Modifier}|\ufe0f/gu, "");

/** One of them, whatever it is made of: signs, flags, key caps. */
const isEmoji =
  /^(?=.{1,64}$)(?:[\p{Extended_Pictographic}\p{Regional_Indicator}]|[\d#*]\ufe0f?\u20e3)[^\w\s]*$/su;

import { expect, test } from "vitest";

import { emojiMeanings } from "../../../src/adapters/discord/emoji.ts";
import { discordAdapter } from "../../../src/adapters/discord/index.ts";
import { reactionOf } from "../../../src/adapters/discord/reactions.ts";
import type { ControlEmoji } from "../../../src/adapters/text/control-emoji.ts";
import { started } from "./started.ts";

const meaningOf = (
  emoji: { readonly id: string | null; readonly name: string | null },
  reactions: boolean | ControlEmoji,
) =>
  reactionOf(
    { user_id: "1", channel_id: "2", message_id: "3", emoji, burst: false, type: 0 },
    { botUserId: "9", meanings: emojiMeanings(reactions) },
  )?.means;

test("which emoji do what can be said, in any skin tone; what is left out stays", async () => {
  const reactions = { stop: ["✋", "🛑"], approve: "👍" };
  await using opened = await started({ reactions });
  const { discord, inbound } = opened;
  const place = discord.say({ text: "begin", mention: true, user: "UANN" });
  discord.react(place, "✅", "UANN");
  discord.react(place, "✋🏽", "UANN");
  await inbound.received(2);
  expect(inbound.messages.map(({ kind }) => kind)).toEqual(["mention", "stop"]);

  const means = (name: string) => meaningOf({ id: null, name }, reactions);
  expect(["👍", "👍🏿", "❌", "✅"].map(means)).toEqual(["approve", "approve", "deny", undefined]);
});

test("a server's own emoji are known by id: anybody may call another one the same", () => {
  const reactions = { approve: "<:ship_it:900000000000000001>", deny: "900000000000000002" };
  const means = (id: string | null, name: string) => meaningOf({ id, name }, reactions);
  expect(means("900000000000000001", "ship_it")).toBe("approve");
  expect(means("900000000000000002", "renamed")).toBe("deny");
  expect(means("900000000000000003", "ship_it")).toBeUndefined();
  // One that looks like the default, and one that was deleted meanwhile.
  expect(means("900000000000000003", "🛑")).toBeUndefined();
  expect(meaningOf({ id: "900000000000000003", name: null }, true)).toBeUndefined();
});

test.each([false, { stop: [], approve: [], deny: [] }])(
  "switched off by %o they are only emoji",
  async (reactions) => {
    await using opened = await started({ reactions });
    const { discord, inbound } = opened;
    const place = discord.say({ text: "begin", mention: true });
    discord.react(place, "🛑");
    discord.say({ ...place, text: "go on" });
    await inbound.received(2);
    expect(inbound.messages.map(({ kind }) => kind)).toEqual(["mention", "thread"]);
  },
);

test.each([
  [{ stop: "octagonal_sign" }, 'reactions.stop "octagonal_sign": expected an emoji such as 🛑'],
  [{ stop: "🛑 now" }, 'reactions.stop "🛑 now": expected an emoji'],
  [{ stop: "❌" }, 'reactions.deny "❌": it means stop already'],
  [{ approve: ["👍", ""] }, 'reactions.approve "": expected an emoji'],
])("emoji that can't be used are refused: %o", (reactions, message) => {
  expect(() => discordAdapter({ botToken: "a.b.c", reactions })).toThrow(message);
});

test.each(["🇩🇪", "1️⃣", "❤️", "👩‍💻", "⛔", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])("%s is an emoji", (stop) => {
  expect(meaningOf({ id: null, name: stop }, { stop })).toBe("stop");
});

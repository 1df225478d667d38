import fc from "fast-check";
import { expect, test } from "vitest";

import { emojiMeanings } from "../../../src/adapters/discord/emoji.ts";
import { didOf } from "../../../src/adapters/discord/interactions/did.ts";
import { interactionOf } from "../../../src/adapters/discord/interactions/payload.ts";
import { isEdited, postedMessage } from "../../../src/adapters/discord/messages.ts";
import { reactionOf } from "../../../src/adapters/discord/reactions.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import { started } from "./started.ts";

const named = { userId: "1", roleIn: () => "7" };

/** Whatever JSON there is, and messages of which one field is anything. */
const anything = fc.oneof(
  fc.jsonValue(),
  fc
    .tuple(
      fc.constantFrom(
        "id",
        "type",
        "channel_id",
        "guild_id",
        "author",
        "member",
        "user_id",
        "message_id",
        "emoji",
        "content",
        "mentions",
        "attachments",
        "mention_roles",
        "message_reference",
        "referenced_message",
        "message_snapshots",
        "sticker_items",
        "poll",
        "message",
        "flags",
        "data",
        "token",
      ),
      fc.jsonValue(),
    )
    .map(([field, value]) => ({
      id: "81384788765712384",
      type: 0,
      channel_id: "81384788765712385",
      token: "t",
      author: { id: "3" },
      user: { id: "3" },
      user_id: "3",
      message_id: "4",
      emoji: { name: "🛑" },
      content: "x",
      data: { name: "ops", custom_id: "x", components: [], options: [{ name: "ask", type: 1 }] },
      [field]: value,
    })),
);

test("whatever Discord tells is read or left out: nothing throws", () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 0, max: 6 }), (data, type) => {
      postedMessage(data, named);
      isEdited(data);
      reactionOf(data, { botUserId: named.userId, meanings: emojiMeanings(true) });
      interactionOf(data);
      didOf({ type, data });
    }),
    { numRuns: 500 },
  );
});

const broken: readonly unknown[] = [null, 7, "x", [], {}, { id: null }, { id: {}, guild_id: [] }];
const kinds = [
  "MESSAGE_CREATE",
  "MESSAGE_UPDATE",
  "MESSAGE_DELETE",
  "MESSAGE_DELETE_BULK",
  "MESSAGE_REACTION_ADD",
  "INTERACTION_CREATE",
  "GUILD_CREATE",
  "GUILD_ROLE_UPDATE",
  "CHANNEL_CREATE",
  "CHANNEL_UPDATE",
  "THREAD_CREATE",
  "THREAD_LIST_SYNC",
  "NEVER_HEARD_OF",
];

test("malformed events and frames of the gateway end neither the process nor the connection", async () => {
  const warnings: string[] = [];
  const warn = (_: object, message: string): void => void warnings.push(message);
  await using opened = await started({ log: { ...silentLogger, warn } });
  const { discord, inbound } = opened;
  for (const t of kinds)
    for (const d of broken) discord.gateway.send(JSON.stringify({ op: 0, t, s: null, d }));
  for (const frame of ["", "{", "null", "[]", '"x"', "{}", '{"op":0}', '{"op":9,"d":null}'])
    discord.gateway.send(frame);
  discord.say({ text: "still there?", mention: true });
  const [message] = await inbound.received(1);
  await discord.roundTrip();

  expect(message?.text).toBe("still there?");
  expect(inbound.messages).toHaveLength(1);
  expect(discord.gateway.log.filter((each) => each === "identify")).toHaveLength(1);
  expect(warnings).toContain("What Discord told could not be read; it is left out");
});

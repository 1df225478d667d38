import type { Params } from "../params.ts";
import { reacted, unreacted } from "../reactions.ts";
import { Refusal } from "../refusal.ts";
import type { SlackChannel } from "../workspace.ts";
import { channelOf, type Method, type SlackSide } from "./method.ts";

/** Emoji beneath messages: https://docs.slack.dev/reference/methods/reactions.add */
export const reactionMethods: Readonly<Record<string, Method>> = {
  "reactions.add": changing(reacted, "already_reacted"),
  "reactions.remove": changing(unreacted, "no_reaction"),

  "reactions.get": {
    scope: "reactions:read",
    run(params, slack) {
      const [channel, at] = messageIn(params, slack);
      params.flag("full", false);
      params.nothingElse();
      const { ts, text, user, reactions = [] } = channel.messages[at] ?? {};
      return { type: "message", channel: channel.id, message: { ts, text, user, reactions } };
    },
  },
};

/** `change` does nothing, and says so, where it has been done. */
function changing(change: typeof reacted, refusal: string): Method {
  return {
    scope: "reactions:write",
    run(params, slack) {
      const [channel, at] = messageIn(params, slack);
      const name = emojiIn(params);
      params.nothingElse();
      const user = slack.workspace.bot.userId;
      if (!change(channel, at, { name, user })) throw new Refusal(refusal);
      return {};
    },
  };
}

function messageIn(params: Params, slack: SlackSide): readonly [SlackChannel, number] {
  const channel = channelOf(params, slack);
  const ts = params.text("timestamp");
  const at = channel.messages.findIndex((message) => message.ts === ts);
  if (at < 0) throw new Refusal("message_not_found");
  return [channel, at];
}

function emojiIn(params: Params): string {
  const name = params.text("name");
  if (!/^[a-z0-9_+'-]+(?:::skin-tone-[2-6])?$/.test(name)) throw new Refusal("invalid_name");
  return name;
}

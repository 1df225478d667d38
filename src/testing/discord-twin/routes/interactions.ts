import { z } from "zod";

import { callbackTypes, type TwinInteraction } from "../interactions.ts";
import { messageJson } from "../json.ts";
import { ephemeral, messageBody } from "../message-body.ts";
import { fileLimits, postMessage } from "../post-message.ts";
import { invalidForm, refusals } from "../refusal.ts";
import type { Route, RouteCall } from "../server-side.ts";
import type { TwinMessage } from "../state.ts";
import { change, removeMessage } from "./messages.ts";

/** Answers to interactions, and what follows them. Their token is the right to it, not the bot's. */
export const interactionRoutes: Readonly<Record<string, Route>> = {
  "POST /interactions/{}/{}/callback": {
    isOpen: true,
    run(call) {
      const { ids, side, body, query } = call;
      const [id = "", token = ""] = ids;
      const given = Callback.safeParse(body);
      if (!given.success) throw invalidForm(["type"], "BASE_TYPE_CHOICES", "Not a known answer");
      const { type, data } = given.data;
      const known = side.interactions.all.find((each) => each.id === id);
      if (known) checkKind(known, type);
      const interaction = side.interactions.acknowledge(id, token, type);
      apply(interaction, { type, data, call });
      if (query.get("with_response") !== "true") return undefined;
      const { original } = interaction;
      return {
        interaction: { id, type: interaction.type, channel_id: interaction.channelId },
        resource: {
          type,
          ...(original && { message: messageJson(original, side.context) }),
        },
      };
    },
  },

  "PATCH /webhooks/{}/{}/messages/@original": {
    isOpen: true,
    run(call) {
      const interaction = call.side.interactions.byToken(call.ids[1] ?? "");
      const message = originalOf(interaction);
      change(message, { call, body: call.body, files: call.files });
      message.flags &= ~loading;
      return messageJson(message, call.side.context);
    },
  },

  "GET /webhooks/{}/{}/messages/@original": {
    isOpen: true,
    run(call) {
      const interaction = call.side.interactions.byToken(call.ids[1] ?? "");
      return messageJson(originalOf(interaction), call.side.context);
    },
  },

  "DELETE /webhooks/{}/{}/messages/@original": {
    isOpen: true,
    run(call) {
      const interaction = call.side.interactions.byToken(call.ids[1] ?? "");
      const message = originalOf(interaction);
      const channel = call.side.state.channel(message.channelId);
      if (channel) removeMessage(call, channel, message);
      return undefined;
    },
  },

  "PATCH /webhooks/{}/{}/messages/{}": {
    isOpen: true,
    run(call) {
      const message = followUp(call);
      change(message, { call, body: call.body, files: call.files });
      return messageJson(message, call.side.context);
    },
  },

  "DELETE /webhooks/{}/{}/messages/{}": {
    isOpen: true,
    run(call) {
      const message = followUp(call);
      const channel = call.side.state.channel(message.channelId);
      if (channel) removeMessage(call, channel, message);
      return undefined;
    },
  },

  "POST /webhooks/{}/{}": {
    isOpen: true,
    run(call) {
      const interaction = call.side.interactions.byToken(call.ids[1] ?? "");
      return messageJson(said(interaction, call, call.body), call.side.context);
    },
  },
};

const loading = 1 << 7;

const Callback = z.strictObject({
  type: z.number().int().min(4).max(9),
  data: z.looseObject({}).optional(),
});

/** Which answers there are to which kind: https://discord.com/developers/docs/interactions/receiving-and-responding */
function checkKind({ type: kind }: TwinInteraction, type: number): void {
  const isComponent = kind === 3 || kind === 5;
  const isUpdate = type === callbackTypes.update || type === callbackTypes.deferredUpdate;
  const isWrong =
    (isUpdate && !isComponent) ||
    (type === callbackTypes.autocomplete) !== (kind === 4) ||
    (type === callbackTypes.modal && kind === 5);
  if (isWrong) throw invalidForm(["type"], "INTERACTION_TYPE", `Not an answer to type ${kind}`);
}

function apply(
  interaction: TwinInteraction,
  {
    type,
    data = {},
    call,
  }: { readonly type: number; readonly data?: object | undefined; readonly call: RouteCall },
): void {
  switch (type) {
    case callbackTypes.message:
      interaction.original = said(interaction, call, data);
      return;
    case callbackTypes.deferredMessage: {
      const { flags = 0 } = z.strictObject({ flags: z.number().optional() }).parse(data);
      interaction.isEphemeral = (flags & ephemeral) !== 0;
      interaction.original = said(interaction, call, { content: "…", flags });
      interaction.original.flags |= loading;
      return;
    }
    case callbackTypes.update:
      if (interaction.source) change(interaction.source, { call, body: data, files: [] });
      return;
    case callbackTypes.autocomplete:
      interaction.choices = Choices.parse(data).choices;
      return;
    case callbackTypes.modal:
      interaction.modal = Modal.parse(data);
      return;
  }
}

function said(interaction: TwinInteraction, call: RouteCall, given: unknown): TwinMessage {
  const { side } = call;
  const { state } = side;
  const channel = state.channel(interaction.channelId);
  if (!channel) throw refusals.unknownChannel();
  const body = messageBody(given, { sent: call.files, limits: fileLimits(state, channel.guildId) });
  const isEphemeral = (body.flags & ephemeral) !== 0;
  return postMessage(side, channel, {
    author: state.botId,
    body,
    interactionId: interaction.id,
    ...(isEphemeral && { onlyFor: interaction.user }),
  });
}

/** One that came after the answer. */
function followUp({ side, ids: [, token = "", id] }: RouteCall): TwinMessage {
  const { channelId, id: interactionId } = side.interactions.byToken(token);
  const messages = side.state.channel(channelId)?.messages ?? [];
  const found = messages.find(
    (message) => message.id === id && message.interactionId === interactionId,
  );
  if (!found) throw refusals.unknownMessage();
  return found;
}

function originalOf({ original: message }: TwinInteraction): TwinMessage {
  if (!message) throw refusals.unknownMessage();
  return message;
}

const Choices = z.strictObject({
  choices: z
    .array(z.strictObject({ name: z.string().min(1).max(100), value: z.string().min(1).max(100) }))
    .max(25),
});

const Input = z.strictObject({
  type: z.literal(4),
  id: z.number().optional(),
  custom_id: z.string().min(1).max(100),
  style: z.union([z.literal(1), z.literal(2)]),
  label: z.string().min(1).max(45).optional(),
  placeholder: z.string().max(100).optional(),
  required: z.boolean().optional(),
  value: z.string().max(4000).optional(),
  min_length: z.number().int().optional(),
  max_length: z.number().int().max(4000).optional(),
});

const Modal = z.strictObject({
  custom_id: z.string().min(1).max(100),
  title: z.string().min(1).max(45),
  components: z
    .array(
      z.discriminatedUnion("type", [
        z.strictObject({
          type: z.literal(18),
          id: z.number().optional(),
          label: z.string().min(1).max(45),
          description: z.string().max(100).optional(),
          component: Input.omit({ label: true }),
        }),
        z.strictObject({ type: z.literal(10), id: z.number().optional(), content: z.string() }),
      ]),
    )
    .min(1)
    .max(5),
});

/** The custom id of a form, and of what is to be filled in. */
export function formOf(modal: unknown): {
  readonly customId: string;
  readonly inputs: readonly string[];
} {
  const { custom_id, components } = Modal.parse(modal);
  return {
    customId: custom_id,
    inputs: components.flatMap((each) => (each.type === 18 ? [each.component.custom_id] : [])),
  };
}

import { z } from "zod";

import type { Delivery } from "./delivery.ts";
import { messageJson } from "./events.ts";
import type { OpenView } from "./methods/views.ts";
import { usableMs } from "./response-urls.ts";
import type { SlackChannel, SlackWorkspace } from "./workspace.ts";

/** What a person who asked by a command or a shortcut sees, and nobody else. */
export interface Asked {
  /** What the app told, oldest first. */
  readonly shown: readonly string[];
  /** The form that it opened. */
  readonly form: OpenView | undefined;
  readonly responseUrl: string;
}

/** What came of a form that was sent. */
export interface Submitted {
  /** By the id of the input; undefined while nothing came back, or where it was taken. */
  readonly errors: Readonly<Record<string, string>> | undefined;
}

/** The other ways to ask: commands, shortcuts, forms. */
export interface SlackAsking {
  command(said: {
    readonly text: string;
    readonly command?: string;
    readonly channel?: string;
    readonly user?: string;
  }): Asked;
  /** Chooses the app's shortcut at a message. */
  shortcut(chosen: {
    readonly channel: string;
    readonly ts: string;
    readonly callbackId: string;
    readonly user?: string;
  }): Asked;
  /** Sends a form, with what is typed into each input. */
  submit(
    form: OpenView,
    options: { readonly values: Readonly<Record<string, string>>; readonly user?: string },
  ): Submitted;
}

export function slackAsking({
  workspace,
  delivery,
  url,
}: {
  readonly workspace: SlackWorkspace;
  readonly delivery: Delivery;
  readonly url: () => string;
}): SlackAsking {
  const { teamId, bot } = workspace;
  const channelOf = (id: string): SlackChannel => {
    const channel = workspace.channels.get(id);
    if (!channel) throw new TypeError(`No channel ${id}`);
    return channel;
  };
  /** What lets the app answer, and what it answers. */
  const occasion = () => {
    const shown: string[] = [];
    let form: OpenView | undefined;
    const id = workspace.nextId("R");
    const show = (text: string): void => void shown.push(text);
    workspace.responses.set(id, { uses: 0, until: workspace.now() + usableMs, show });
    const triggerId = workspace.nextId("Tr");
    workspace.triggers.set(triggerId, {
      isUsed: false,
      until: workspace.now() + triggerMs,
      open: (view) => {
        form = view;
      },
    });
    const responseUrl = `${url()}/respond/${id}`;
    const asked: Asked = {
      shown,
      responseUrl,
      get form() {
        return form;
      },
    };
    return { asked, show, triggerId, responseUrl };
  };
  const person = (user: string) => ({ id: user, name: user.toLowerCase(), team_id: teamId });
  const about = {
    team: { id: teamId, domain: "twin" },
    api_app_id: bot.appId,
    token: "verification",
  };

  return {
    command({ text, command = "/ops", channel: id = "C0OPS0001", user = "U0PERSON1" }) {
      const channel = channelOf(id);
      const { asked, show, triggerId, responseUrl } = occasion();
      delivery.enqueue({
        about: `command:${triggerId}`,
        type: "slash_commands",
        payload: {
          token: "verification",
          team_id: teamId,
          team_domain: "twin",
          channel_id: channel.id,
          channel_name: channel.name,
          user_id: user,
          user_name: user.toLowerCase(),
          command,
          text,
          api_app_id: bot.appId,
          is_enterprise_install: "false",
          response_url: responseUrl,
          trigger_id: triggerId,
        },
        answered: (answer) => {
          const said = Answer.safeParse(answer);
          if (said.success) show(said.data.text);
        },
      });
      return asked;
    },

    shortcut({ channel: id, ts, callbackId, user = "U0PERSON1" }) {
      const channel = channelOf(id);
      const message = channel.messages.find((each) => each.ts === ts);
      if (!message) throw new TypeError(`No message ${ts}`);
      const { asked, triggerId, responseUrl } = occasion();
      delivery.enqueue({
        about: `shortcut:${triggerId}`,
        type: "interactive",
        payload: {
          ...about,
          type: "message_action",
          callback_id: callbackId,
          trigger_id: triggerId,
          response_url: responseUrl,
          message_ts: ts,
          user: person(user),
          channel: { id, name: channel.name },
          message: messageJson(message, { url: url(), withMetadata: false }),
        },
      });
      return asked;
    },

    submit(form, { values, user = "U0PERSON1" }) {
      let errors: Readonly<Record<string, string>> | undefined;
      const typed = form.blocks.flatMap((block) => {
        if (block.type !== "input") return [];
        const { block_id, element } = block;
        const value = values[block_id] ?? null;
        return [[block_id, { [element.action_id]: { type: element.type, value } }] as const];
      });
      delivery.enqueue({
        about: `form:${form.id}`,
        type: "interactive",
        payload: {
          ...about,
          type: "view_submission",
          user: person(user),
          view: { ...form, team_id: teamId, state: { values: Object.fromEntries(typed) } },
        },
        answered: (answer) => {
          const refused = Errors.safeParse(answer);
          if (refused.success) errors = refused.data.errors;
        },
      });
      return {
        get errors() {
          return errors;
        },
      };
    },
  };
}

const triggerMs = 3000;

const Answer = z.looseObject({ text: z.string() });
const Errors = z.object({
  response_action: z.literal("errors"),
  errors: z.record(z.string(), z.string()),
});

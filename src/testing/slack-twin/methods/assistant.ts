import { z } from "zod";

import { Refusal } from "../refusal.ts";
import { channelOf, type Method, threadIn } from "./method.ts";

/** What an app shows besides messages: https://docs.slack.dev/ai/developing-ai-apps */
export const assistantMethods: Readonly<Record<string, Method>> = {
  "assistant.threads.setStatus": {
    scope: "chat:write",
    run(params, slack) {
      const channel = channelOf(params, slack, "channel_id");
      params.text("thread_ts");
      const thread = threadIn(params, channel);
      const status = params.optional("status") ?? "";
      const loading = z.array(z.string().min(1)).max(10).optional();
      const isFine = loading.safeParse(params.json("loading_messages")).success;
      params.nothingElse();
      if (!isFine) throw new Refusal("invalid_arguments");
      const { statuses } = slack.workspace;
      const id = `${channel.id}:${thread ?? ""}`;
      if (status === "") statuses.delete(id);
      else statuses.set(id, { status, until: slack.workspace.now() + statusMs });
      return {};
    },
  },

  "assistant.threads.setTitle": {
    scope: "assistant:write",
    run(params, slack) {
      const channel = channelOf(params, slack, "channel_id");
      params.text("thread_ts");
      const thread = threadIn(params, channel);
      const title = params.text("title");
      params.nothingElse();
      if (channel.type !== "im") throw new Refusal("invalid_thread_ts");
      slack.workspace.titles.set(`${channel.id}:${thread ?? ""}`, title);
      return {};
    },
  },

  "assistant.threads.setSuggestedPrompts": {
    scope: "assistant:write",
    run(params, slack) {
      const channel = channelOf(params, slack, "channel_id");
      const thread = threadIn(params, channel);
      const prompts = Prompts.safeParse(params.json("prompts"));
      params.optional("title");
      params.nothingElse();
      if (!prompts.success) throw new Refusal("invalid_arguments");
      if (channel.type !== "im") throw new Refusal("invalid_thread_ts");
      slack.workspace.prompts.set(`${channel.id}:${thread ?? ""}`, prompts.data);
      return {};
    },
  },
};

/** A status goes by itself, unless it is set again. */
const statusMs = 120_000;

const Prompts = z
  .array(z.strictObject({ title: z.string().min(1), message: z.string().min(1) }))
  .min(1)
  .max(4);

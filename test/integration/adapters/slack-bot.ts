import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type BotOptions, createBot, type ThreadRef } from "opsthread";
import { slackAdapter } from "opsthread/slack";
import { slackTwin } from "opsthread/testing";

import { eventually } from "../../../src/testing/adapter-suite-support.ts";

/**
 * The assembled bot, with Slack's own clients, on a Slack of its own, reached in one of Slack's two ways. `UANN` may use it, and
 * who is in the group `S0OPS`; `UBOB` approves.
 */
export async function openSlackBot({
  by = "sockets",
  ...options
}: Partial<BotOptions> & { readonly by?: "sockets" | "http" } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-slack-"));
  const slack = await slackTwin();
  slack.userGroup("S0OPS", ["UGRP"]);
  const { appToken, botToken, signingSecret, apiUrl, teamId } = slack;
  const way = by === "sockets" ? { appToken } : { signingSecret, http: { port: 0 } };
  const adapter = slackAdapter({ ...way, botToken, apiUrl, userGroups: true });
  const bot = await createBot({
    adapters: [adapter],
    access: {
      users: [`slack:${teamId}:UANN`],
      roles: [`slack:${teamId}:S0OPS`],
      approvers: [`slack:${teamId}:UBOB`],
      channels: [`slack:${teamId}:*`],
    },
    dataFolder: folder,
    sandbox: { driver: "virtual" },
    secrets: [botToken, signingSecret],
    ...options,
  });
  await bot.start();
  const { address } = adapter;
  if (address) await slack.useRequestUrl(`http://127.0.0.1:${address.port}/slack/events`);
  const posts = (place: Pick<ThreadRef, "channel" | "thread">) =>
    slack.thread(place).filter(({ isBot }) => isBot);
  return {
    slack,
    bot,
    /** All of the bot's, its progress as well. */
    posts,
    answers: (place: Pick<ThreadRef, "channel" | "thread">): readonly string[] =>
      posts(place)
        .filter(({ metadata }) => metadata?.event_type === "opsthread_post")
        .map(({ text }) => text),
    /** Resolves when all that was said is acknowledged, and the bot has nothing to do. */
    settled: async (): Promise<void> => {
      await eventually(() => slack.pending().length === 0, "the acknowledgements");
      await bot.idle();
    },
    async [Symbol.asyncDispose]() {
      await bot.stop();
      await slack[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

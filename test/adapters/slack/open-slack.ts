import { slackAdapter } from "../../../src/adapters/slack/index.ts";
import type { SlackAdapterOptions } from "../../../src/adapters/slack/index.ts";
import type { Clock } from "../../../src/core/clock.ts";
import type { ThreadRef } from "../../../src/core/ids.ts";
import { eventually } from "../../../src/testing/adapter-suite-support.ts";
import type { ManualClock } from "../../../src/testing/manual-clock.ts";
import { slackTwin, type SlackTwin } from "../../../src/testing/slack-twin/slack-twin.ts";

/** A Slack and an adapter on it. */
export async function openSlack({
  slackClock,
  scopes,
  ...options
}: Partial<SlackAdapterOptions> & {
  readonly slackClock?: Clock;
  readonly scopes?: readonly string[];
} = {}) {
  const slack = await slackTwin({
    ...(slackClock && { clock: slackClock }),
    ...(scopes && { scopes }),
  });
  const { appToken, botToken, apiUrl } = slack;
  const { signingSecret } = options;
  const by = signingSecret === undefined ? { appToken } : { http: { port: 0 } };
  const adapter = slackAdapter({ ...by, botToken, apiUrl, ...options });
  return {
    slack,
    adapter,
    refOf: ({ channel, thread }: Pick<ThreadRef, "channel" | "thread">): ThreadRef => ({
      platform: "slack",
      workspace: slack.teamId,
      channel,
      thread,
    }),
    async [Symbol.asyncDispose]() {
      await adapter[Symbol.asyncDispose]();
      await slack[Symbol.asyncDispose]();
    },
  };
}

/**
 * Lets Slack's time pass until this is so and all is acknowledged. In small steps: an acknowledgement that is on its way
 * must not be overtaken by the end of its three seconds.
 */
export async function passUntil(
  isSo: () => boolean,
  { slack, clock }: { readonly slack: SlackTwin; readonly clock: ManualClock },
): Promise<void> {
  await eventually(async () => {
    await slack.roundTrip();
    if (isSo() && slack.pending().length === 0) return true;
    await clock.advance(500);
    return false;
  }, "what Slack tells again");
}

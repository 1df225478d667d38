import { slackAdapter } from "../../../src/adapters/slack/index.ts";
import { botScopes } from "../../../src/adapters/slack/manifest.ts";
import type { ThreadRef } from "../../../src/core/ids.ts";
import type {
  AdapterFault,
  AdapterUnderTest,
  SeenPost,
} from "../../../src/testing/adapter-suite.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import type { SeenMessage } from "../../../src/testing/slack-twin/person.ts";
import { slackTwin, type SlackTwin } from "../../../src/testing/slack-twin/slack-twin.ts";

/** An adapter on a Slack of its own, seen as the conformance suite wants to see a platform. */
export async function slackUnderTest(
  by: "sockets" | "http" = "sockets",
): Promise<AdapterUnderTest> {
  // Slack's time, which is near the adapter's, else its signatures were none of now.
  const clock = manualClock(Date.now());
  // Without asking who people are, which takes a moment of the real time.
  const slack = await slackTwin({ clock, scopes: botScopes });
  const { appToken, signingSecret, botToken, apiUrl } = slack;
  const adapter = slackAdapter(
    by === "sockets"
      ? { appToken, botToken, apiUrl }
      : { signingSecret, botToken, apiUrl, http: { port: 0 } },
  );
  const refOf = ({ channel, thread }: { channel: string; thread: string }): ThreadRef => ({
    platform: "slack",
    workspace: slack.teamId,
    channel,
    thread,
  });
  const bots = (thread: ThreadRef): readonly SeenMessage[] =>
    slack.thread(thread).filter(({ isBot }) => isBot);
  return {
    adapter: {
      ...adapter,
      async start(inbound) {
        await adapter.start(inbound);
        const { address } = adapter;
        if (address) await slack.useRequestUrl(`http://127.0.0.1:${address.port}/slack/events`);
        // What was said while nobody was there is told again after a minute.
        await clock.advance(60_000);
      },
    },
    async say({ text, actorId = "U1", thread, files = [] }) {
      const place = thread && { channel: thread.channel, thread: thread.thread };
      return refOfSaid(
        slack.say({ ...place, text, files, user: actorId, mention: !thread }),
        refOf,
      );
    },
    emptyThread: async () => refOf(slack.say({ text: "said to nobody", user: "U1" })),
    posts: async (thread) =>
      bots(thread)
        .filter((message) => !isProgress(message))
        .map(seenPost),
    async progress(thread) {
      // Its time, where the adapter has it too: what is done at once shows none.
      await clock.advance(1000);
      return bots(thread)
        .filter(isProgress)
        .map(({ text }) => text);
    },
    notes: async (thread) => slack.whispers(thread),
    async unacknowledged() {
      await slack.roundTrip();
      return slack.pending().length;
    },
    async redeliver() {
      await slack.roundTrip();
      await slack.answered();
      await clock.advance(by === "sockets" ? 3001 : 60_000);
    },
    fault: (fault) => inject(slack, fault),
    loseFile: ({ id }) => slack.faults.loseFile(id.split(" ")[0] ?? ""),
    async [Symbol.asyncDispose]() {
      await adapter[Symbol.asyncDispose]();
      await slack[Symbol.asyncDispose]();
    },
  };
}

function refOfSaid(
  said: { readonly channel: string; readonly thread: string },
  refOf: (place: { channel: string; thread: string }) => ThreadRef,
): { readonly thread: ThreadRef } {
  return { thread: refOf(said) };
}

const isProgress = ({ metadata }: SeenMessage): boolean =>
  metadata?.event_type === "opsthread_progress";

/** What is too long for messages is read in the file that comes with its beginning. */
function seenPost({ ts, text, files }: SeenMessage): SeenPost {
  const whole = files.find(({ name }) => name === "answer.md")?.bytes.toString();
  const isBeginning = text.includes("All of it is in answer.md.");
  return {
    messageId: ts,
    text: isBeginning ? "" : (whole ?? text),
    files: files.filter(({ name }) => name !== "answer.md"),
  };
}

function inject({ faults }: SlackTwin, fault: AdapterFault): void {
  switch (fault.type) {
    case "event-duplicated":
      return faults.duplicateEvent();
    case "post-unavailable":
      return faults.call("chat.postMessage", { type: "error", error: "service_unavailable" });
    case "post-connection-lost":
      return faults.call("chat.postMessage", { type: "drop", taken: fault.taken });
    case "post-rejected":
      return faults.call("chat.postMessage", { type: "error", error: "restricted_action" });
    case "post-rate-limited": {
      const retryAfterS = fault.retryAfterMs / 1000;
      return faults.call("chat.postMessage", { type: "rate-limited", retryAfterS });
    }
    default:
      return fault satisfies never;
  }
}

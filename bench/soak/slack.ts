import { slackAdapter } from "../../dist/adapters/slack/index.js";
import type { SeenMessage, SlackCallFault } from "../../dist/testing/index.js";
import { slackTwin } from "../../dist/testing/index.js";
import type { SoakPlatform } from "./platform.ts";

/** Slack's twin with forty channels, and rates for many more people than one workspace has. */
export async function slackSoak(): Promise<SoakPlatform> {
  const channels = Array.from(
    { length: 40 },
    (_, index) => `C0SOAK${String(index).padStart(3, "0")}`,
  );
  const slack = await slackTwin({ channels, rateFactor });
  const { appToken, botToken, apiUrl, teamId, faults } = slack;
  const adapter = slackAdapter({ appToken, botToken, apiUrl, rateFactor, timeoutMs: 3000 });
  let turn = 0;
  let isHealed = false;
  const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const failing: readonly (() => SlackCallFault)[] = [
    () => ({ type: "status", status: 500, taken: true }),
    () => ({ type: "status", status: 503, taken: false }),
    () => ({ type: "drop", taken: true }),
    () => ({ type: "drop", taken: false }),
    () => ({ type: "rate-limited", retryAfterS: 2 }),
    () => ({ type: "slow", until: after(1000) }),
    // Longer than its caller waits.
    () => ({ type: "late", until: after(4000) }),
    () => ({ type: "error", error: "internal_error" }),
  ];
  const mishaps: Readonly<Record<string, (random: () => number) => void>> = {
    "event told twice": () => faults.duplicateEvent(),
    "acknowledgement lost": () => faults.loseAck(),
    "sharing lost": () => faults.loseShare(),
    ...Object.fromEntries(
      [
        "chat.postMessage",
        "chat.update",
        "chat.delete",
        "conversations.replies",
        "files.completeUploadExternal",
        "upload",
      ].map((method) => [
        `${method} fails`,
        (random: () => number) => {
          const fault = failing[Math.floor(random() * failing.length)];
          if (fault) faults.call(method, fault());
        },
      ]),
    ),
  };
  const kinds = Object.keys(mishaps);
  // A new connection is asked for as often as Slack allows, not more: https://docs.slack.dev/reference/methods/apps.connections.open
  const disconnects: Readonly<Record<string, () => void>> = {
    "planned disconnect": () => slack.refresh(),
    "connection cut": () => slack.cut(),
  };
  return {
    adapter,
    access: { users: [`slack:${teamId}:*`], channels: [`slack:${teamId}:*`] },
    isConnected: () => slack.connections() > 0,
    say: ({ text, place }) =>
      place
        ? slack.say({ text, ...place })
        : slack.say({
            text,
            channel: channels[(turn += 1) % channels.length] ?? "",
            mention: true,
          }),
    answers: (place) =>
      slack
        .thread(place)
        .filter(isAnswer)
        .map(({ text }) => text),
    mishap(random) {
      const die = random();
      const among = die < 0.02 ? Object.keys(disconnects) : kinds;
      // Posts are what matters most.
      const kind =
        die > 0.6 ? "chat.postMessage fails" : (among[Math.floor(random() * among.length)] ?? "");
      if (!isHealed) ({ ...mishaps, ...disconnects })[kind]?.(random);
      return kind;
    },
    heal() {
      isHealed = true;
      slack.faults.none();
    },
    forget: (place) => slack.forget(place),
    figures: () => ({
      "calls answered with 429 beside those ordered": slack.limited.length,
      "events never acknowledged": slack.lost.length,
      "acknowledgements that came too late": slack.late.length,
      "slowest acknowledgement, ms": slack.slowestAckMs(),
    }),
    async [Symbol.asyncDispose]() {
      await adapter[Symbol.asyncDispose]();
      await slack[Symbol.asyncDispose]();
    },
  };
}

const rateFactor = 20;

const isAnswer = ({ isBot, metadata }: SeenMessage): boolean =>
  isBot && metadata?.event_type === "opsthread_post";

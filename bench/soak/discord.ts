import { discordAdapter } from "../../dist/adapters/discord/index.js";
import type { DiscordCallFault, SeenDiscordMessage } from "../../dist/testing/index.js";
import { discordTwin } from "../../dist/testing/index.js";
import type { SoakPlatform } from "./platform.ts";

/** Discord's twin with forty channels, and its true limits. */
export async function discordSoak(): Promise<SoakPlatform> {
  const names = Array.from({ length: 40 }, (_, index) => `soak-${index}`);
  const discord = await discordTwin({ channels: names, heartbeatMs: 5000 });
  const { botToken, apiUrl, guildId, faults, gateway } = discord;
  const channels = names.map((name) => discord.channels[name] ?? "");
  const adapter = discordAdapter({ botToken, apiUrl, timeoutMs: 3000 });
  let turn = 0;
  let isHealed = false;
  const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const failing: readonly (() => DiscordCallFault)[] = [
    () => ({ type: "status", status: 500, taken: true }),
    () => ({ type: "status", status: 503, taken: false }),
    () => ({ type: "drop", taken: true }),
    () => ({ type: "drop", taken: false }),
    () => ({ type: "rate-limited", retryAfterS: 2 }),
    () => ({ type: "rate-limited", retryAfterS: 1, scope: "shared" }),
    () => ({ type: "slow", until: after(1000) }),
    // Longer than its caller waits.
    () => ({ type: "late", until: after(4000) }),
  ];
  const posting = "POST /channels/{}/messages";
  const fail = (route: string) => (random: () => number) => {
    const fault = failing[Math.floor(random() * failing.length)];
    if (fault) faults.call(route, fault());
  };
  const mishaps: Readonly<Record<string, (random: () => number) => void>> = {
    "event told twice": () => faults.duplicateEvent(),
    "reconnect asked for": () => gateway.reconnect(),
    "connection cut": () => gateway.cut(),
    "line dead": () => gateway.goSilent(),
    ...Object.fromEntries(
      [
        posting,
        "POST /channels/{}/messages/{}/threads",
        "GET /channels/{}/messages",
        "PATCH /channels/{}/messages/{}",
        "DELETE /channels/{}/messages/{}",
      ].map((route) => [`${route} fails`, fail(route)]),
    ),
  };
  const kinds = Object.keys(mishaps);
  return {
    adapter,
    access: { users: [`discord:${guildId}:*`], channels: [`discord:${guildId}:*`] },
    isConnected: () => discord.connections() > 0,
    say: ({ text, place }) =>
      discord.say(
        place
          ? { text, ...place }
          : { text, channel: channels[(turn += 1) % channels.length] ?? "", mention: true },
      ),
    answers: (place) => discord.thread(place).filter(isAnswer).map(textOf),
    mishap(random) {
      // Posts are what matters most; a session that ends for good loses what nobody reads again.
      const kind =
        random() < 0.4 ? `${posting} fails` : (kinds[Math.floor(random() * kinds.length)] ?? "");
      if (!isHealed) mishaps[kind]?.(random);
      return kind;
    },
    heal() {
      isHealed = true;
      faults.none();
    },
    forget: (place) => discord.forget(place),
    figures: () => ({
      "calls answered with 429 beside those ordered": discord.limited(),
      "sessions begun": gateway.log.filter((each) => each === "identify").length,
      "sessions resumed": gateway.log.filter((each) => each === "resume").length,
    }),
    async [Symbol.asyncDispose]() {
      await adapter[Symbol.asyncDispose]();
      await discord[Symbol.asyncDispose]();
    },
  };
}

const isAnswer = ({ isBot, text }: SeenDiscordMessage): boolean =>
  isBot && !text.startsWith("-# ⏳");

/** Of a long one, the file: its beginning stands in both. */
const textOf = ({ text, files }: SeenDiscordMessage): string =>
  files.find(({ name }) => name === "answer.md")?.bytes.toString() ?? text;

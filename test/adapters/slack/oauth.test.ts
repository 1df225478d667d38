import { expect, test } from "vitest";

import {
  type Installation,
  type InstallationStore,
  slackAdapter,
  type SlackOAuthOptions,
} from "../../../src/adapters/slack/index.ts";
import {
  bytesOf,
  eventually,
  noArtifacts,
  postInto,
  recordingInbound,
} from "../../../src/testing/adapter-suite-support.ts";
import { slackTwin } from "../../../src/testing/slack-twin/slack-twin.ts";

const { signal } = new AbortController();

function memoryInstallations(): InstallationStore & { readonly kept: Map<string, Installation> } {
  const kept = new Map<string, Installation>();
  return {
    kept,
    save: async (installation) => void kept.set(installation.teamId, installation),
    find: async (teamId) => kept.get(teamId),
    remove: async (teamId) => void kept.delete(teamId),
  };
}

/** An app that is distributed, and two workspaces that may install it. */
async function openApp(more: Partial<SlackOAuthOptions> = {}, by: "http" | "sockets" = "http") {
  const slack = await slackTwin();
  const teams = [slack.addTeam(), slack.addTeam()] as const;
  const installations = memoryInstallations();
  const { apiUrl, signingSecret, appToken } = slack;
  const { clientId, clientSecret } = slack.oauth;
  const adapter = slackAdapter({
    apiUrl,
    ...(by === "http" ? { signingSecret } : { appToken }),
    installations,
    http: { port: 0 },
    oauth: {
      clientId,
      clientSecret,
      stateSecret: "s".repeat(32),
      redirectUri: "https://bot.example/slack/oauth_redirect",
      ...more,
    },
  });
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const url = `http://127.0.0.1:${adapter.address?.port}`;
  if (by === "http") await slack.useRequestUrl(`${url}/slack/events`);
  /** The way of a browser: to the bot, to Slack, and back. */
  const begin = async () => {
    const sent = await fetch(`${url}/slack/install`, { redirect: "manual" });
    const cookie = (sent.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    return { address: sent.headers.get("location") ?? "", cookie };
  };
  const comeBack = async (address: string, cookie: string) => {
    const { pathname, search } = new URL(address);
    const answered = await fetch(`${url}${pathname}${search}`, { headers: { cookie } });
    return { status: answered.status, text: await answered.text() };
  };
  return {
    slack,
    teams,
    installations,
    adapter,
    inbound,
    begin,
    comeBack,
    async install(options: { readonly teamId?: string; readonly isOrg?: boolean }) {
      const { address, cookie } = await begin();
      return comeBack(slack.oauth.allow(address, options), cookie);
    },
    async [Symbol.asyncDispose]() {
      await adapter[Symbol.asyncDispose]();
      await slack[Symbol.asyncDispose]();
    },
  };
}

test.each(["http", "sockets"] as const)(
  "people install the app in two workspaces, and each is talked to with its own token: by %s",
  async (by) => {
    await using app = await openApp({}, by);
    const { teams, inbound, adapter, installations } = app;
    for (const { teamId } of teams) {
      const { status, text } = await app.install({ teamId });
      expect(status).toBe(200);
      expect(text).toContain(`Team ${teamId}`);
    }
    expect(installations.kept.get("T0TWIN002")?.scopes).toContain("chat:write");

    const files = [{ name: "a.log", bytes: Buffer.from("bytes") }];
    for (const team of teams) team.say({ text: `hello`, mention: true, files });
    const messages = await inbound.received(2);
    expect(messages.map(({ thread }) => thread.workspace).toSorted()).toEqual([
      "T0TWIN002",
      "T0TWIN003",
    ]);
    for (const { thread, attachments } of messages) {
      await adapter.showProgress(thread, { key: "t", markdown: "Reading" }, { signal });
      const { messageId } = await adapter.post(postInto(thread, { key: "k1" }), {
        signal,
        open: noArtifacts,
      });
      expect(await adapter.findPost(thread, "k1", { signal })).toEqual({ messageId });
      const [attachment] = attachments;
      const bytes = attachment && (await bytesOf(adapter.download(thread, attachment, { signal })));
      expect(bytes?.toString()).toBe("bytes");
      const team = teams.find(({ teamId }) => teamId === thread.workspace);
      expect(team?.thread(thread).filter(({ isBot }) => isBot)).toHaveLength(1);
    }
  },
);

test("a workspace that removes the app is forgotten, and nothing can be posted there", async () => {
  await using app = await openApp();
  const [team] = app.teams;
  await app.install({ teamId: team.teamId });
  team.say({ text: "hello", mention: true });
  const [message] = await app.inbound.received(1);
  team.uninstall();
  await eventually(() => app.installations.kept.size === 0, "the removal");
  await eventually(() => app.slack.pending().length === 0, "the acknowledgements");
  const thread = message?.thread ?? { platform: "", workspace: "", channel: "", thread: "" };
  const posted = app.adapter.post(postInto(thread, { key: "k" }), { signal, open: noArtifacts });
  await expect(posted).rejects.toMatchObject({ code: "ADAPTER_POST_FAILED" });
  await expect(posted).rejects.toThrow(/"T0TWIN002": the bot is not installed there/);
  team.say({ text: "still there?", mention: true });
  await eventually(() => app.slack.pending().length === 0, "the acknowledgements");
  expect(app.inbound.messages).toHaveLength(1);
});

test("a removal that is told late does not remove what was installed since", async () => {
  await using app = await openApp();
  const [team] = app.teams;
  await app.install({ teamId: team.teamId });
  const [kept] = app.installations.kept.values();
  if (kept) await app.installations.save({ ...kept, installedAt: Date.now() + 5000 });
  team.uninstall();
  await eventually(() => app.slack.pending().length === 0, "the acknowledgements");
  expect(app.installations.kept.size).toBe(1);
});

test("an installation that somebody else began is refused", async () => {
  await using app = await openApp();
  const { slack, begin, comeBack } = app;
  const attacker = await begin();
  const victim = await begin();
  const address = slack.oauth.allow(attacker.address);
  expect(await comeBack(address, victim.cookie)).toMatchObject({ status: 400 });
  expect(await comeBack(address, "")).toMatchObject({ status: 400 });
  const forged = new URL(address);
  forged.searchParams.set("state", "x");
  const { status, text } = await comeBack(forged.href, "slack-app-oauth-state=x");
  expect(status).toBe(400);
  expect(text).toContain("Begin again");
  expect(app.installations.kept.size).toBe(0);
});

test("what is not for one workspace, or not on the list, or was cancelled, installs nothing", async () => {
  await using app = await openApp({ teams: ["T0TWIN003"] });
  const org = await app.install({ isOrg: true });
  expect(org).toMatchObject({ status: 400 });
  expect(org.text).toContain("expected one workspace");
  const other = await app.install({ teamId: "T0TWIN002" });
  expect(other.text).toContain("is not on the list");
  const { cookie } = await app.begin();
  const cancelled = await app.comeBack(
    "https://bot.example/slack/oauth_redirect?error=access_denied",
    cookie,
  );
  expect(cancelled.text).toContain("It was cancelled");
  const { address, cookie: own } = await app.begin();
  const spent = app.slack.oauth.allow(address, { teamId: "T0TWIN003" });
  expect(await app.comeBack(spent, own)).toMatchObject({ status: 200 });
  expect(await app.comeBack(spent, own)).toMatchObject({ status: 500 });
  expect([...app.installations.kept.keys()]).toEqual(["T0TWIN003"]);
});

const oauth = {
  clientId: "1",
  clientSecret: "2",
  stateSecret: "s".repeat(32),
  redirectUri: "https://bot.example/back",
};

test.each([
  [{ oauth: { ...oauth, clientId: "" } }, /clientId or clientSecret/],
  [{ oauth: { ...oauth, stateSecret: "short" } }, /oauth\.stateSecret/],
  [{ oauth: { ...oauth, redirectUri: "/x" } }, /it is "\/x", expected a whole URL/],
  [{ botToken: "xoxb-1" }, /botToken and installations: both are set/],
])("options %o are refused", (options, message) => {
  const installations = memoryInstallations();
  expect(() => slackAdapter({ installations, signingSecret: "x", ...options })).toThrow(message);
});

test("pages for installations need a place for them", () => {
  expect(() => slackAdapter({ botToken: "xoxb-1", appToken: "xapp-1", oauth })).toThrow(
    /installations is not set/,
  );
});

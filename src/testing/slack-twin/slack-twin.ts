import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

import { type Clock, systemClock } from "../../core/clock.ts";
import type { Transcript } from "../transcript.ts";
import { allowInstall } from "./allow-install.ts";
import { type SlackAsking, slackAsking } from "./asking.ts";
import { type Delivery, slackDelivery } from "./delivery.ts";
import { slackEvents } from "./events.ts";
import type { PendingFaults, SlackFaults } from "./faults.ts";
import { type Happened, recorded } from "./history.ts";
import { oauthApp } from "./methods/oauth.ts";
import { type SlackPerson, slackPerson, type SlackPlace } from "./person.ts";
import { slackRates } from "./rates.ts";
import { openRequestUrl, type RequestUrl } from "./request-url.ts";
import { serve, type ServeOptions } from "./serve.ts";
import { slackTranscript } from "./slack-transcript.ts";
import { type SlackTeam, slackTeams } from "./teams.ts";
import { acceptWebSocket } from "./web-socket.ts";
import { slackWorkspace } from "./workspace.ts";

/** Slack on loopback, with its rules. */
export interface SlackTwin extends AsyncDisposable, SlackPerson, SlackAsking {
  /** For `slackApiUrl` of Slack's clients; the address of sockets comes from there. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  /** Asks `url` to prove itself, and tells everything there from then on, signed, in the place of sockets. */
  useRequestUrl(url: string): Promise<void>;
  /** How people install the app. */
  readonly oauth: {
    readonly clientId: string;
    readonly clientSecret: string;
    /** Allows what the page at `address` asks for, in a workspace that was added; gives where the browser goes next. */
    allow(
      address: string,
      options?: { readonly teamId?: string; readonly isOrg?: boolean },
    ): string;
  };
  /** Makes a group of people, or changes who is in it. */
  userGroup(id: string, users: readonly string[]): void;
  /** Another workspace, in which the app is not installed yet. Its ids are unique, people's are the same. */
  addTeam(): SlackTeam;
  readonly teamId: string;
  readonly botUserId: string;
  readonly faults: SlackFaults;
  /** Methods that were called, in order. */
  readonly calls: readonly string[];
  /** Those that were one too many, which Slack answered with 429. */
  readonly limited: readonly string[];
  /** Posts and presses that were told and not acknowledged yet, each once. */
  pending(): readonly string[];
  /** What was never acknowledged in time, and acknowledgements that nothing waited for. */
  readonly lost: readonly string[];
  readonly late: readonly string[];
  /** How long the app took at most to acknowledge something in time, milliseconds. */
  slowestAckMs(): number;
  /** How many sockets the app has open that are not frozen. */
  connections(): number;
  /** Resolves when the app has read all that was told, and what it said at once has come here. */
  roundTrip(): Promise<void>;
  /** Resolves when the app has answered all that was told to its request URL. */
  answered(): Promise<void>;
  /** Asks the app to connect anew, as Slack does every few hours: its oldest socket. */
  refresh(reason?: "refresh_requested" | "warning" | "link_disabled"): void;
  /** Says just this over all sockets, whatever it is. */
  sayRaw(text: string): void;
  /** Lets all sockets fall silent, without an end. */
  freeze(): void;
  /** Cuts all sockets. */
  cut(): void;
  /** What the app shows below a thread that it is about to do, until that goes by itself. */
  status(place: Pick<SlackPlace, "channel" | "thread">): string | undefined;
  /** What the app offers in a conversation with it alone, and what it calls that. */
  assistant(place: Pick<SlackPlace, "channel" | "thread">): {
    readonly title: string | undefined;
    readonly prompts: readonly string[];
  };
  /** Forgets a thread as if it had never been, so that a long run takes no memory. */
  forget(place: Pick<SlackPlace, "channel" | "thread">): void;
  /** All that happened, also what was changed or deleted: for {@link transcriptPage}. */
  transcript(title?: string): Transcript;
}

/**
 * @param options.clock decides when what is not acknowledged is told again
 * @param options.scopes of the bot's token; default all that its methods need
 * @param options.rateFactor how many times as many calls as Slack publishes; default 1, `Infinity` for no limits
 * @param options.channels further ones that the bot is in, by id
 *
 * @example
 * await using slack = await slackTwin();
 * const adapter = slackAdapter({ appToken: slack.appToken, botToken: slack.botToken, apiUrl: slack.apiUrl });
 */
export async function slackTwin({
  clock = systemClock,
  scopes = allScopes,
  rateFactor = 1,
  channels = [],
}: {
  readonly clock?: Clock;
  readonly scopes?: readonly string[];
  readonly rateFactor?: number;
  readonly channels?: readonly string[];
} = {}): Promise<SlackTwin> {
  const workspace = slackWorkspace(clock, { channels });
  const pendingFaults: PendingFaults = {
    calls: [],
    duplicates: 0,
    lostAcks: 0,
    lostShares: 0,
    signedOut: false,
  };
  const delivery = slackDelivery(clock, pendingFaults);
  let requestUrl: RequestUrl | undefined;
  const tickets = new Set<string>();
  const calls: string[] = [];
  let numberOfTeams = 1;
  const limited: string[] = [];
  const tokens = { bot: "xoxb-twin-bot", app: "xapp-1-twin-app" };
  const happened: Happened[] = [];
  const told = slackEvents({
    workspace,
    delivery,
    faults: pendingFaults,
    url: () => served.url,
  });
  const events = recorded(told, { happened, clock });
  const ticket = (): string => {
    const id = workspace.nextId("ticket");
    tickets.add(id);
    return `${served.url.replace("http", "ws")}/link/?ticket=${id}`;
  };
  const granted = new Set(scopes);
  const teams = slackTeams({ delivery, ticket, faults: pendingFaults });
  const install = (code: string): object => teams.install(code);
  const side: ServeOptions["side"] = (token) =>
    token === undefined || token === tokens.bot || token === tokens.app
      ? { workspace, events, ticket, install, faults: pendingFaults }
      : teams.sideOf(token);
  const served = await serve({
    tokens,
    scopes: granted,
    faults: pendingFaults,
    rates: slackRates({ now: () => clock.now(), factor: rateFactor }),
    limited,
    side,
    calls,
  });
  served.server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    const id = new URL(request.url ?? "/", served.url).searchParams.get("ticket") ?? "";
    // Each is good for one connection, of which an app has ten at most.
    const isGood = tickets.delete(id);
    if (!isGood) socket.destroy();
    else if (delivery.sockets().length < maxSockets) connect(delivery, { request, socket });
    else sendAway({ request, socket });
  });
  return {
    ...slackPerson(workspace, events),
    ...slackAsking({ workspace, delivery, url: () => served.url }),
    apiUrl: `${served.url}/api/`,
    botToken: tokens.bot,
    appToken: tokens.app,
    signingSecret,
    oauth: {
      ...oauthApp,
      allow: (address, { teamId = "T0TWIN002", isOrg = false } = {}) =>
        allowInstall(teams, { address, teamId, isOrg }),
    },
    userGroup: (id, users) => void workspace.userGroups.set(id, users),
    addTeam() {
      const number = (numberOfTeams += 1);
      const { uploads, files } = workspace;
      const further = { ...slackWorkspace(clock, { number }), uploads, files };
      return teams.add(
        further,
        slackEvents({ workspace: further, delivery, faults: pendingFaults, url: () => served.url }),
      );
    },
    async useRequestUrl(url) {
      const onLate = (about: string): void => void delivery.late.push(about);
      requestUrl = await openRequestUrl(url, { signingSecret, clock, onLate });
      delivery.deliverTo(requestUrl);
    },
    teamId: workspace.teamId,
    botUserId: workspace.bot.userId,
    faults: {
      call: (method, fault, isMeant = () => true) =>
        void pendingFaults.calls.push({ method, fault, isMeant }),
      loseAck: () => void (pendingFaults.lostAcks += 1),
      loseShare: () => void (pendingFaults.lostShares += 1),
      duplicateEvent: () => void (pendingFaults.duplicates += 1),
      none: () => {
        pendingFaults.calls.length = 0;
        Object.assign(pendingFaults, { duplicates: 0, lostAcks: 0, lostShares: 0 });
      },
      loseFile: (id) => void workspace.files.delete(id),
      signOut: () => void (pendingFaults.signedOut = true),
    },
    calls,
    limited,
    pending: () => delivery.pending(),
    lost: delivery.lost,
    late: delivery.late,
    slowestAckMs: () => delivery.slowestAckMs(),
    connections: () => delivery.sockets().filter(({ isFrozen }) => !isFrozen).length,
    async roundTrip() {
      // The second answer comes after what the first messages made the app say at once.
      for (let count = 0; count < 2; count += 1)
        await Promise.all(delivery.sockets().map((socket) => socket.ping()));
    },
    answered: async () => requestUrl?.answered(),
    refresh: (reason = "refresh_requested") =>
      delivery
        .sockets()[0]
        ?.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "twin" } })),
    sayRaw: (text) => {
      for (const socket of delivery.sockets()) socket.send(text);
    },
    freeze: () => {
      for (const socket of delivery.sockets()) socket.freeze();
    },
    cut: () => {
      for (const socket of delivery.sockets()) socket.destroy();
    },
    status({ channel, thread }) {
      const shown = workspace.statuses.get(`${channel}:${thread}`);
      return shown && shown.until > clock.now() ? shown.status : undefined;
    },
    assistant: ({ channel, thread }) => ({
      title: workspace.titles.get(`${channel}:${thread}`),
      prompts: (workspace.prompts.get(`${channel}:${thread}`) ?? []).map(({ message }) => message),
    }),
    forget({ channel: id, thread }) {
      const { messages } = workspace.channels.get(id) ?? { messages: [] };
      const gone = new Set(
        messages.flatMap(({ ts, thread_ts, files = [] }) => {
          if (ts !== thread && thread_ts !== thread) return [];
          for (const file of files) workspace.files.delete(file.id);
          return [ts];
        }),
      );
      removeWhere(messages, ({ ts }) => gone.has(ts));
      removeWhere(happened, (each) => isOneOf(each, gone) || each.at < clock.now() - rememberMs);
      removeWhere(calls, (_, index) => index < calls.length - maxCalls);
    },
    transcript: (title = "Slack") => slackTranscript(workspace, { happened, title }),
    async [Symbol.asyncDispose]() {
      await delivery[Symbol.asyncDispose]();
      await served[Symbol.asyncDispose]();
    },
  };
}

function removeWhere<Item>(items: Item[], isGone: (item: Item, index: number) => boolean): void {
  items.splice(0, items.length, ...items.filter((item, index) => !isGone(item, index)));
}

const isOneOf = (each: Happened, gone: ReadonlySet<string>): boolean =>
  gone.has("message" in each ? each.message.ts : each.ts);

const rememberMs = 600_000;
const maxCalls = 10_000;

function connect(
  delivery: Delivery,
  connection: { readonly request: IncomingMessage; readonly socket: Duplex },
): void {
  const socket = acceptWebSocket(connection, {
    text: (text) => delivery.take(text),
    closed: () => {},
  });
  delivery.connect(socket);
}

function sendAway(connection: {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
}): void {
  const socket = acceptWebSocket(connection, { text: () => {}, closed: () => {} });
  socket.send(
    JSON.stringify({ type: "disconnect", reason: "too_many_websockets", debug_info: {} }),
  );
  socket.close();
}

const signingSecret = "twin-signing-secret";
const maxSockets = 10;
const allScopes = [
  "app_mentions:read",
  "assistant:write",
  "channels:history",
  "channels:join",
  "channels:read",
  "chat:write",
  "files:read",
  "files:write",
  "groups:history",
  "im:history",
  "im:write",
  "mpim:history",
  "reactions:read",
  "reactions:write",
  "commands",
  "usergroups:read",
  "users:read",
];

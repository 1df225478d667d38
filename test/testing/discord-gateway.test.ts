import { expect, test } from "vitest";

import { discordGateway, type Gateway } from "../../src/testing/discord-twin/gateway.ts";
import type { SessionStarts } from "../../src/testing/discord-twin/identify.ts";
import type { ManualClock } from "../../src/testing/manual-clock.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";

const day = { total: 1000, remaining: 1000, resetAfterMs: 86_400_000, maxConcurrency: 1 };

function open({
  starts = {},
  heartbeatMs = 41_250,
}: { readonly starts?: Partial<SessionStarts>; readonly heartbeatMs?: number } = {}) {
  const clock: ManualClock = manualClock(Date.now());
  const gateway: Gateway = discordGateway({
    clock,
    token: "t",
    heartbeatMs,
    granted: new Set(),
    starts: { ...day, ...starts },
    url: () => "ws://twin",
    ready: () => ({}),
    guilds: () => [{ id: String(1n << 22n), data: {} }],
  });
  return { clock, gateway };
}

interface Frame {
  readonly op: number;
  readonly t?: string;
  readonly s?: number;
  readonly d?: { readonly session_id: string; readonly resume_gateway_url: string } | false;
}

/** A client that says what a test wants. */
function clientOf(gateway: Gateway, path = "/") {
  const frames: Frame[] = [];
  const endings: ((code: number) => void)[] = [];
  const ended = new Promise<number>((resolve) => void endings.push(resolve));
  const end = (code: number): void => endings.forEach((resolve) => resolve(code));
  const line = gateway.connect(
    {
      isOpen: true,
      isFrozen: false,
      send: (text) => void frames.push(JSON.parse(text)),
      ping: () => Promise.resolve(),
      close: (code = 1000) => {
        line.closed(code);
        end(code);
      },
      freeze: () => {},
      destroy: () => {
        line.closed(undefined);
        end(1006);
      },
    },
    path,
  );
  const say = (op: number, d?: unknown): void => line.take(JSON.stringify({ op, d }));
  return {
    frames,
    /** The code that the gateway ended the line with. */
    ended,
    say,
    line,
    identify: (shard: readonly [number, number] = [0, 1], intents = 1): void =>
      say(2, { token: "t", intents, shard, properties: {} }),
    events: () => frames.flatMap(({ t }) => t ?? []),
    isRefused: () => frames.some(({ op, d }) => op === 9 && d === false),
    ready: () => frames.find(({ t }) => t === "READY"),
  };
}

test("one session may be begun in five seconds", async () => {
  const { clock, gateway } = open();
  const [first, second] = [clientOf(gateway), clientOf(gateway)];
  first.identify([0, 2]);
  second.identify([1, 2]);
  expect(second.isRefused()).toBe(true);
  await clock.advance(5000);
  const third = clientOf(gateway);
  third.identify([1, 2]);
  expect(third.ready()).toBeDefined();
});

test("with a max_concurrency of two, shards of different keys need not wait for each other", () => {
  const { gateway } = open({ starts: { maxConcurrency: 2 } });
  const clients = [0, 1, 2].map((shard) => {
    const client = clientOf(gateway);
    client.identify([shard, 3]);
    return client;
  });
  expect(clients.map((client) => client.isRefused())).toEqual([false, false, true]);
});

test("who has begun all sessions of the day gets no more: 4004", async () => {
  const { gateway } = open({ starts: { remaining: 0 } });
  const client = clientOf(gateway);
  client.identify();
  expect(await client.ended).toBe(4004);
});

test("who does not beat is dropped with 4009, and has to begin a new session", async () => {
  const { gateway } = open({ heartbeatMs: 10 });
  const client = clientOf(gateway);
  client.identify();
  const { d } = client.ready() ?? {};
  expect(await client.ended).toBe(4009);
  const next = clientOf(gateway, "/resume");
  next.say(6, { token: "t", session_id: d ? d.session_id : "", seq: 1 });
  expect(next.isRefused()).toBe(true);
});

test("who beats stays", async () => {
  const { gateway } = open({ heartbeatMs: 20 });
  const [beating, still] = [clientOf(gateway), clientOf(gateway)];
  const beats = setInterval(() => beating.say(1), 5);
  try {
    // Only one of the two is dropped by then.
    expect(await still.ended).toBe(4009);
    expect(gateway.log.filter((each) => each === "close 4009")).toHaveLength(1);
    expect(beating.frames.some(({ op }) => op === 11)).toBe(true);
  } finally {
    clearInterval(beats);
    gateway[Symbol.dispose]();
  }
});

test("a line that is deaf one way is dropped although its client beats", async () => {
  const { gateway } = open({ heartbeatMs: 20 });
  const client = clientOf(gateway);
  gateway.goDeaf();
  const beats = setInterval(() => client.say(1), 5);
  try {
    expect(await client.ended).toBe(4009);
  } finally {
    clearInterval(beats);
  }
});

test("a session is resumed at resume_gateway_url with its id and number: what was missed is told", () => {
  const { gateway } = open();
  const client = clientOf(gateway);
  client.identify();
  const { d } = client.ready() ?? {};
  const { s } = client.frames.at(-1) ?? {};
  if (!d) throw new Error("Not ready");
  expect(d.resume_gateway_url).toBe("ws://twin/resume");
  client.line.closed(4200);
  gateway.dispatch({ event: "INTERACTION_CREATE", guildId: undefined, data: () => ({}) });
  const next = clientOf(gateway, "/resume");
  next.say(6, { token: "t", session_id: d.session_id, seq: s });
  expect(next.events()).toEqual(["INTERACTION_CREATE", "RESUMED"]);
});

test.each([1000, 1001])("who closes with %d has ended its session", (code) => {
  const { gateway } = open();
  const client = clientOf(gateway);
  client.identify();
  const { d } = client.ready() ?? {};
  client.line.closed(code);
  const next = clientOf(gateway, "/resume");
  next.say(6, { token: "t", session_id: d ? d.session_id : "", seq: 1 });
  expect(next.isRefused()).toBe(true);
});

test("121 frames in a minute are too many: 4008", async () => {
  const { gateway } = open();
  const client = clientOf(gateway);
  for (let count = 0; count < 121; count += 1) client.say(1);
  expect(await client.ended).toBe(4008);
});

test.each([
  ["no JSON", 4002, "{"],
  ["an opcode that there is not", 4001, '{"op":99}'],
  ["a presence before identifying", 4003, '{"op":3,"d":{}}'],
  ["identifying without intents", 4002, '{"op":2,"d":{"token":"t","properties":{}}}'],
  ["another token", 4004, '{"op":2,"d":{"token":"x","intents":1,"properties":{}}}'],
  [
    "a shard that there is not",
    4010,
    '{"op":2,"d":{"token":"t","intents":1,"shard":[2,2],"properties":{}}}',
  ],
  [
    "intents that there are not",
    4013,
    '{"op":2,"d":{"token":"t","intents":1073741824,"properties":{}}}',
  ],
  [
    "intents that are not turned on",
    4014,
    '{"op":2,"d":{"token":"t","intents":32768,"properties":{}}}',
  ],
])("%s: %d", async (_, code, text) => {
  const { gateway } = open();
  const client = clientOf(gateway);
  client.line.take(text);
  expect(await client.ended).toBe(code);
});

test("identifying twice: 4005", async () => {
  const { gateway } = open();
  const client = clientOf(gateway);
  client.identify();
  client.identify();
  expect(await client.ended).toBe(4005);
});

test("guilds are told to the shard that they are of, direct messages to the first", () => {
  const { gateway } = open({ starts: { maxConcurrency: 16 } });
  const clients = [0, 1].map((shard) => {
    const client = clientOf(gateway);
    client.identify([shard, 2], 1 | (1 << 9) | (1 << 12));
    return client;
  });
  const guildId = String(1n << 22n);
  gateway.dispatch({ event: "MESSAGE_CREATE", guildId, data: () => ({}) });
  gateway.dispatch({ event: "MESSAGE_CREATE", guildId: undefined, data: () => ({}) });
  expect(clients.map((client) => client.events())).toEqual([
    ["READY", "MESSAGE_CREATE"],
    ["READY", "GUILD_CREATE", "MESSAGE_CREATE"],
  ]);
});

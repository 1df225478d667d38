import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import type { ThreadRef } from "../../../src/core/ids.ts";
import type { Message } from "../../../src/core/message.ts";

/** How a platform treats what it is sent; probabilities. */
export interface Faults {
  /** Not taken, and said so. */
  readonly refused: number;
  readonly rateLimited: number;
  /** Taken, but an error is told. */
  readonly takenAndError: number;
  /** Taken, but no answer comes. */
  readonly takenAndSilent: number;
  /** Not taken, and no answer comes. */
  readonly silent: number;
  /** An event that was acknowledged is delivered again, some time later. */
  readonly repeated: number;
}

/** A chat platform that forgets nothing: the other side of `platform-adapter.mjs`. */
export interface Platform extends AsyncDisposable {
  readonly url: string;
  /** Resolves when a gateway acknowledged the message. */
  say(message: Message): Promise<void>;
  /** What is shown, by thread, oldest first. */
  readonly shown: ReadonlyMap<string, readonly ShownPost[]>;
  /** When, and in which process, the effect of each execution happened. */
  readonly effects: ReadonlyMap<string, readonly Effect[]>;
  readonly counts: Readonly<Record<Counted, number>>;
  /** No more faults and repeats from here on. */
  calm(): void;
}

export interface Effect {
  readonly at: number;
  readonly pid: number;
}

export interface ShownPost {
  readonly key: string;
  readonly kind: string;
  readonly markdown: string;
}

const counted = [
  "deliveries",
  "repeats",
  "acknowledged",
  "posts",
  "doubles",
  "refused",
  "rateLimited",
  "takenAndError",
  "takenAndSilent",
  "silent",
  "looked",
  "found",
] as const;
type Counted = (typeof counted)[number];

interface Delivery {
  readonly id: string;
  readonly message: Message;
  readonly acknowledged: () => void;
  /** Not delivered before. */
  notBefore: number;
}

export const noFaults: Faults = {
  refused: 0,
  rateLimited: 0,
  takenAndError: 0,
  takenAndSilent: 0,
  silent: 0,
  repeated: 0,
};

/** `address` is what it listens on besides being reached by the loopback. */
export async function startPlatform(
  faults: Faults,
  random: () => number,
  address = "127.0.0.1",
): Promise<Platform> {
  const counts = Object.fromEntries(counted.map((name) => [name, 0])) as Record<Counted, number>;
  const open = new Map<string, Delivery>();
  const shown = new Map<string, ShownPost[]>();
  const effects = new Map<string, Effect[]>();
  const ending = new AbortController();
  let isCalm = false;
  const chance = (fault: keyof Faults): boolean => !isCalm && random() < faults[fault];

  const routes: Readonly<Record<string, (body: Body, response: ServerResponse) => Promise<void>>> =
    {
      async next(_, response) {
        const due = (): Delivery | undefined =>
          [...open.values()].find(({ notBefore }) => notBefore <= Date.now());
        for (let tries = 0; tries < 20 && !due() && !ending.signal.aborted; tries += 1)
          await delay(25);
        const delivery = due();
        if (!delivery) return reply(response, 200, {});
        // Who does not acknowledge in time gets it again, or another does.
        delivery.notBefore = Date.now() + 1500;
        counts.deliveries += 1;
        reply(response, 200, { id: delivery.id, message: delivery.message });
      },
      async ack({ id = "" }, response) {
        const delivery = open.get(id);
        open.delete(id);
        if (delivery) acknowledge(delivery);
        reply(response, 200, {});
      },
      async post({ thread, post }, response) {
        if (!thread || !post) return reply(response, 400, {});
        if (chance("refused")) return tell(response, "refused", 503);
        if (chance("rateLimited")) return tell(response, "rateLimited", 429);
        if (chance("silent")) return tell(response, "silent", 0);
        const posts = shown.get(thread.thread) ?? [];
        shown.set(thread.thread, posts);
        if (posts.some(({ key }) => key === post.key)) counts.doubles += 1;
        posts.push(post);
        counts.posts += 1;
        if (chance("takenAndError")) return tell(response, "takenAndError", 500);
        if (chance("takenAndSilent")) return tell(response, "takenAndSilent", 0);
        reply(response, 200, { messageId: `X${counts.posts}` });
      },
      async find({ thread, key }, response) {
        const posts = shown.get(thread?.thread ?? "") ?? [];
        const isThere = posts.some((post) => post.key === key);
        counts.looked += 1;
        if (isThere) counts.found += 1;
        reply(response, 200, isThere ? { messageId: `F ${key}` } : {});
      },
      async effect({ id = "", pid = 0 }, response) {
        effects.set(id, [...(effects.get(id) ?? []), { at: Date.now(), pid }]);
        reply(response, 200, {});
      },
    };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = routes[request.url?.slice(1) ?? ""];
    const body = await read(request);
    if (route) await route(body, response);
    else reply(response, 404, {});
  }

  function acknowledge({ message, acknowledged }: Delivery): void {
    counts.acknowledged += 1;
    acknowledged();
    if (!chance("repeated")) return;
    counts.repeats += 1;
    const id = `${message.id} again ${counts.repeats}`;
    const notBefore = Date.now() + random() * 4000;
    open.set(id, { id, message, acknowledged: () => {}, notBefore });
  }

  function tell(response: ServerResponse, fault: Counted, status: number): void {
    counts[fault] += 1;
    // Without a status there is no answer: the caller's patience ends it.
    if (status > 0) reply(response, status, {});
  }

  const server = createServer((request, response) => {
    // It fails for a process that was killed in the middle.
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, address);
  await once(server, "listening");
  const bound = server.address();
  const port = typeof bound === "object" && bound ? bound.port : 0;

  return {
    url: `http://127.0.0.1:${port}`,
    shown,
    effects,
    counts,
    say: (message) =>
      new Promise<void>((acknowledged) => {
        open.set(message.id, { id: message.id, message, acknowledged, notBefore: 0 });
      }),
    calm() {
      isCalm = true;
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Body {
  readonly id?: string;
  readonly pid?: number;
  readonly key?: string;
  readonly thread?: ThreadRef;
  readonly post?: ShownPost;
}

async function read(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return JSON.parse(Buffer.concat(chunks).toString()) as Body;
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { Message } from "../../../src/core/message.ts";
import type { Machine } from "../../support/machine.ts";
import { type Member, type MemberOptions, startMember } from "../chaos/members.ts";
import { type Effect, noFaults, type Platform, startPlatform } from "../chaos/platform.ts";

/** A bot of several processes on a platform that works. */
export interface OneBot extends AsyncDisposable {
  readonly platform: Platform;
  readonly start: (role: MemberOptions["role"], on?: Machine) => Promise<Member>;
  /** Says something in a thread; resolves when it is accepted. */
  readonly say: (thread: string, text: string) => Promise<void>;
}

/** By default tools take so long that only what ends them can be what is waited for. */
export async function openBot(
  redis: string,
  { toolMs = 60_000, address }: { readonly toolMs?: number; readonly address?: string } = {},
): Promise<OneBot> {
  const platform = await startPlatform(noFaults, Math.random, address);
  const dataFolder = await mkdtemp(join(tmpdir(), "opsthread-bot-"));
  const name = `test-${randomUUID()}`;
  const log = join(dataFolder, "members.log");
  const members: Member[] = [];
  let said = 0;
  return {
    platform,
    async start(role, on) {
      const from = (url: string): string => (on ? url.replace("127.0.0.1", on.host) : url);
      const places = { redis: from(redis), platform: from(platform.url), dataFolder, log };
      const options = { role, name, toolMs: [toolMs, toolMs] as const, ...places };
      const member = startMember(options, on?.prefix);
      members.push(member);
      await member.ready;
      return member;
    },
    async say(thread, text) {
      said += 1;
      const message: Message = {
        id: `M${said}`,
        thread: { platform: "twin", workspace: "W", channel: "C", thread },
        actor: { id: "U1", roles: [] },
        kind: text === "stop" ? "stop" : "mention",
        text,
        attachments: [],
        sentAt: Date.now(),
      };
      await platform.say(message);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
      await platform[Symbol.asyncDispose]();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

/** The tool's run of this number, of the latest call. */
export async function ranAt({ effects }: Platform, time: number): Promise<Effect> {
  for (;;) {
    const run = [...effects.values()].at(-1)?.[time - 1];
    if (run) return run;
    await delay(5);
  }
}

/** The posts of a thread, once there are so many. */
export async function postsIn(
  { shown }: Platform,
  thread: string,
  count: number,
): Promise<readonly string[]> {
  for (;;) {
    const posts = shown.get(thread) ?? [];
    if (posts.length >= count) return posts.map(({ markdown }) => markdown);
    await delay(5);
  }
}

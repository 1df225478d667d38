import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { Message } from "../../../src/core/message.ts";
import { type Member, type MemberOptions, startMember } from "../chaos/members.ts";
import { noFaults, type Platform, startPlatform } from "../chaos/platform.ts";

/** A bot of several processes on a platform that works. */
export interface OneBot extends AsyncDisposable {
  readonly platform: Platform;
  readonly start: (role: MemberOptions["role"]) => Promise<Member>;
  /** Says something in a thread; resolves when it is accepted. */
  readonly say: (thread: string, text: string) => Promise<void>;
}

/** Tools take so long that only what ends them can be what is waited for. */
const toolMs = [60_000, 60_000] as const;

export async function openBot(redis: string): Promise<OneBot> {
  const platform = await startPlatform(noFaults, Math.random);
  const dataFolder = await mkdtemp(join(tmpdir(), "opsthread-bot-"));
  const name = `test-${randomUUID()}`;
  const log = join(dataFolder, "members.log");
  const members: Member[] = [];
  let said = 0;
  return {
    platform,
    async start(role) {
      const options = { role, redis, name, platform: platform.url, dataFolder, log, toolMs };
      const member = startMember(options);
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

/** When the tool ran the given time, of the only call that there is. */
export async function ranAt({ effects }: Platform, time: number): Promise<number> {
  let at: number | undefined;
  while (at === undefined) {
    at = [...effects.values()][0]?.[time - 1];
    await delay(5);
  }
  return at;
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

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { redisStore } from "../../../src/store/redis/index.ts";
import { seededRandom } from "../../../src/testing/random.ts";
import { startRedis } from "../../support/redis-server.ts";
import { checkOutcome, type Outcome, stuckIn } from "./check-outcome.ts";
import { type Member, type MemberOptions, startMember } from "./members.ts";
import { type Faults, type Platform, startPlatform } from "./platform.ts";

export interface ChaosOptions {
  readonly seed: number;
  /** How long things go wrong. */
  readonly ms: number;
  readonly sessions: number;
  /** Between two messages of a session, on average. */
  readonly pauseMs: number;
}

export interface ChaosResult extends Outcome {
  readonly did: Readonly<Record<string, number>>;
}

const faults: Faults = {
  refused: 0.05,
  rateLimited: 0.03,
  takenAndError: 0.04,
  takenAndSilent: 0.02,
  silent: 0.02,
  repeated: 0.2,
};

/**
 * Three workers and two gateways serve many sessions while processes are killed or stand still, Redis is killed, and
 * the platform repeats, refuses and loses. Then everything comes to rest, and what came of it is told.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const random = seededRandom(options.seed);
  const dataFolder = await mkdtemp(join(tmpdir(), "opsthread-chaos-"));
  const name = "chaos";
  await using redis = await startRedis(["--appendfsync", "always"]);
  await using platform = await startPlatform(faults, random);
  const common = {
    redis: redis.url,
    name,
    platform: platform.url,
    dataFolder,
    log: join(dataFolder, "members.log"),
  };
  const members = (["worker", "worker", "worker", "gateway", "gateway"] as const).map((role) =>
    startMember({ ...common, role }),
  );
  try {
    await Promise.all(members.map(({ ready }) => ready));
    const did = await disturb(members, options, { random, redis, platform });
    await comeToRest(did.messages, { redis: redis.url, name, platform });
    await Promise.all(members.map((member) => member.stop()));
    const outcome = await checkOutcome({ redis: redis.url, name, platform });
    return { ...outcome, did: { ...did, ...platform.counts, ...(await loggedIn(common.log)) } };
  } finally {
    await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
    await rm(dataFolder, { recursive: true, force: true });
  }
}

interface World {
  readonly random: () => number;
  readonly redis: Awaited<ReturnType<typeof startRedis>>;
  readonly platform: Platform;
}

/** Lets people talk and things go wrong for a while. */
async function disturb(
  members: Member[],
  { ms, sessions, pauseMs }: ChaosOptions,
  { random, redis, platform }: World,
): Promise<{ readonly messages: number } & Readonly<Record<string, number>>> {
  const until = Date.now() + ms;
  const did = { messages: 0, killedWorkers: 0, killedGateways: 0, stoodStill: 0, killedRedis: 0 };

  const talk = async (thread: string): Promise<void> => {
    await delay(random() * pauseMs);
    for (let n = 1; Date.now() < until; n += 1) {
      did.messages += 1;
      await platform.say({
        id: `${thread}-${n}`,
        thread: { platform: "twin", workspace: "W", channel: "C", thread },
        actor: { id: "U1", roles: [] },
        kind: "mention",
        text: `${thread}-${n}`,
        attachments: [],
        sentAt: Date.now(),
      });
      await delay(random() * 2 * pauseMs);
    }
  };

  const pick = (role: MemberOptions["role"]): number => {
    const own = [...members.keys()].filter((index) => members[index]?.options.role === role);
    return own[Math.floor(random() * own.length)] ?? 0;
  };
  const replace = async (role: MemberOptions["role"]): Promise<void> => {
    const index = pick(role);
    const member = members[index];
    if (!member) return;
    await member.kill();
    members[index] = startMember(member.options);
    await members[index].ready;
  };
  const freeze = async (): Promise<void> => {
    const member = members[pick("worker")];
    did.stoodStill += 1;
    member?.signal("SIGSTOP");
    // Longer than its leases.
    await delay(frozenMs);
    member?.signal("SIGCONT");
  };
  const frozen: Promise<void>[] = [];
  const harm = async (): Promise<void> => {
    let lastRedis = 0;
    while (Date.now() < until) {
      await delay(500 + random() * 2000);
      const die = random();
      if (die < 0.15 && Date.now() - lastRedis > 8000) {
        did.killedRedis += 1;
        lastRedis = Date.now();
        await redis.process.kill();
        await delay(random() * 1500);
        await redis.process.restart();
      } else if (die < 0.35) {
        did.killedGateways += 1;
        await replace("gateway");
      } else if (die < 0.5 && Date.now() + frozenMs < until) frozen.push(freeze());
      else {
        did.killedWorkers += 1;
        await replace("worker");
      }
    }
  };

  await Promise.all([harm(), ...Array.from({ length: sessions }, (_, n) => talk(`T${n + 1}`))]);
  await Promise.all(frozen);
  return did;
}

/**
 * Waits until all is answered and nothing is left to do: an answer whose post told an error is shown before its outbox knows.
 * Whoever waits in vain sees in the outcome what is missing.
 */
async function comeToRest(
  messages: number,
  {
    redis,
    name,
    platform,
  }: { readonly redis: string; readonly name: string; readonly platform: Platform },
): Promise<void> {
  platform.calm();
  await using store = await redisStore({ redis, name });
  for (const end = Date.now() + patienceMs; Date.now() < end; await delay(100)) {
    const shown = [...platform.shown.values()].flat();
    const answered = shown.flatMap(({ markdown }) => markdown.match(/\bT\d+-\d+\b/g) ?? []);
    if (new Set(answered).size === messages && (await stuckIn(store)).length === 0) return;
  }
}

const frozenMs = 7500;
const patienceMs = 60_000;

/** How often which warning or error was logged. */
async function loggedIn(file: string): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const line of (await readFile(file, "utf8").catch(() => "")).split("\n")) {
    const found = /"level":"(\w+)","message":"([^"]+)"/.exec(line);
    if (!found) continue;
    const key = `${found[1]}: ${found[2]}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

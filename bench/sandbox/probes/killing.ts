import { setTimeout as delay } from "node:timers/promises";

import { hostRun } from "../host.ts";
import { marker, processesWith, timed } from "../measure.ts";
import { exec, openDriver } from "../ours.ts";
import { peerClient, peerExec } from "../peer.ts";
import { stopPeer } from "../stop.ts";
import type { World } from "../world.ts";
import type { Answer, Probe } from "./probe.ts";

/** Whether what was ended has ended, and whether that is what is told. */
export const killing: readonly Probe[] = [
  {
    id: "A",
    name: "the session is stopped while a command runs",
    async peer({ image }) {
      const session = await peerClient(image).create();
      const mark = marker();
      try {
        await session.exec({ cmd: `sleep ${mark}`, yieldTimeMs: 500 });
        await session.stop();
        return alive(await sleeping(mark));
      } finally {
        await session.close();
      }
    },
    async ours({ docker, image }) {
      await using driver = await openDriver("docker", { docker, image });
      const sandbox = await driver.open();
      const mark = marker();
      const running = exec(sandbox, `sleep ${mark}`);
      while ((await sleeping(mark)) === 0) await delay(20);
      await sandbox.close();
      const left = await sleeping(mark);
      const { outcome } = await running;
      return { text: `${alive(left)}, told "${outcome.type}"`, holds: left === 0 };
    },
  },
  {
    id: "B",
    name: "a command is interrupted (Ctrl-C)",
    async peer({ image }) {
      const session = await peerClient(image).create();
      const mark = marker();
      try {
        const { sessionId } = await session.exec({ cmd: `sleep ${mark}`, yieldTimeMs: 500 });
        if (sessionId === undefined) return "could not be tried: the command has ended";
        const told = await session.writeStdin({ sessionId, chars: "\u0003", yieldTimeMs: 1_000 });
        const says = /exited with code \d+/.exec(told)?.[0] ?? "something else";
        return `${alive(await sleeping(mark))}, told "${says}"`;
      } finally {
        await session.close();
      }
    },
    ours: (world) => aborted(world, 300),
  },
  {
    id: "L",
    name: "a run is aborted while its command waits 20 s",
    async peer(world) {
      const { ms, survives } = await stopPeer(world);
      return `settles after ${(ms / 1000).toFixed(1)} s, ${alive(survives ? 1 : 0)}`;
    },
    ours: (world) => aborted(world, 2_000),
  },
  {
    id: "C",
    name: "a short command, then everything is closed: the process ends",
    peer: async ({ image }) => told(await hostRun("peer", "leave", { image })),
    async ours({ image }) {
      const ms = await hostRun("ours", "leave", { image });
      return { text: told(ms), holds: ms < 2_000 };
    },
  },
  {
    id: "K",
    name: "16 commands at once",
    async peer({ image }) {
      const session = await peerClient(image).create();
      try {
        const all = Array.from({ length: 16 }, () => "true");
        const ms = await timed(() => Promise.all(all.map((cmd) => peerExec(session, cmd))));
        return `${Math.round(ms)} ms`;
      } finally {
        await session.close();
      }
    },
    async ours({ docker, image }) {
      await using driver = await openDriver("docker", { docker, image });
      await using sandbox = await driver.open();
      await exec(sandbox, "true");
      const all = Array.from({ length: 16 }, () => "true");
      const ms = await timed(() => Promise.all(all.map((command) => exec(sandbox, command))));
      return { text: `${Math.round(ms)} ms`, holds: ms < 500 };
    },
  },
];

async function aborted({ docker, image }: World, afterMs: number): Promise<Answer> {
  await using driver = await openDriver("docker", { docker, image });
  await using sandbox = await driver.open();
  const mark = marker();
  const controller = new AbortController();
  const running = exec(sandbox, `sleep ${mark}`, { signal: controller.signal });
  while ((await sleeping(mark)) === 0) await delay(20);
  await delay(afterMs);
  const start = performance.now();
  controller.abort();
  const { outcome } = await running;
  const ms = performance.now() - start;
  const left = await sleeping(mark);
  return {
    text: `settles after ${(ms / 1000).toFixed(2)} s, ${alive(left)}, told "${outcome.type}"`,
    holds: left === 0 && outcome.type === "stopped" && ms < 1_000,
  };
}

/** The command itself, not a client program that has it among its arguments. */
async function sleeping(mark: string): Promise<number> {
  const lines = await processesWith(`sleep ${mark}`);
  return lines.filter((line) => line.startsWith("sleep")).length;
}

const alive = (left: number): string => (left === 0 ? "nothing is left" : "the process lives on");
const told = (ms: number): string => `ends ${(ms / 1000).toFixed(1)} s after the close`;

/**
 * What went wrong in the local Docker client of @openai/agents when it was looked at closely, tried again there and here.
 * Each row tells what came of it; the run fails when ours is not as it should be.
 */
import { messageOf } from "../../dist/core/errors.js";
import type { Finding, Flags } from "../harness.ts";
import { peerName } from "./peer.ts";
import { failures } from "./probes/failures.ts";
import { killing } from "./probes/killing.ts";
import { leftOvers } from "./probes/left-overs.ts";
import { outputs } from "./probes/outputs.ts";
import type { Answer, Probe } from "./probes/probe.ts";
import { workspaces } from "./probes/workspaces.ts";
import { findWorld, type World } from "./world.ts";

const probes: readonly Probe[] = [...killing, ...outputs, ...leftOvers, ...workspaces, ...failures];

export async function run(flags: Flags): Promise<Finding[]> {
  const world = await findWorld(flags);
  const findings: Finding[] = [];
  for (const probe of probes) {
    if (flags["only"] !== undefined && flags["only"] !== probe.id) continue;
    console.error(`${probe.name} …`);
    findings.push({
      name: `${probe.id}: ${probe.name}`,
      peer: await probe.peer(world).catch((error) => `could not be tried: ${firstLine(error)}`),
      peerName,
      ...(await answerOf(probe, world)),
    });
  }
  return findings;
}

async function answerOf(probe: Probe, world: World): Promise<{ ours: string; met: boolean }> {
  try {
    const { text, holds }: Answer = await probe.ours(world);
    return { ours: text, met: holds };
  } catch (error) {
    return { ours: `failed: ${firstLine(error)}`, met: false };
  }
}

const firstLine = (error: unknown): string =>
  messageOf(error).split("\n", 1)[0]?.slice(0, 160) ?? "";

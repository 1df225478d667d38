import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { seededRandom } from "../../dist/testing/random.js";
import { type Figure, type Flags, median } from "../harness.ts";
import type { SoakPlatform } from "./platform.ts";
import { soak } from "./soak.ts";

/** Runs a soak as the command line wishes, and gives its figures. */
export async function measureSoak(
  open: () => Promise<SoakPlatform>,
  { minutes = "30", rate = "20", mishaps = "5", seed = "1" }: Flags,
): Promise<Figure[]> {
  const dataFolder = await mkdtemp(join(tmpdir(), "opsthread-soak-"));
  await using platform = await open();
  try {
    const report = await soak(platform, {
      seconds: Number(minutes) * 60,
      rate: Number(rate),
      mishaps: Number(mishaps),
      patienceMs: 480_000,
      dataFolder,
      collect: collector(),
      random: seededRandom(Number(seed)),
      say: (line) => console.error(line),
    });
    console.error(JSON.stringify(report, undefined, 2));
    const { heapMb } = report;
    const early = median(heapMb.slice(Math.floor(heapMb.length / 3), Math.ceil(heapMb.length / 2)));
    const late = median(heapMb.slice(-Math.ceil(heapMb.length / 6)));
    const went = Object.values(report.mishaps).reduce((sum, count) => sum + count, 0);
    return [
      { name: "messages said", unit: "", ours: report.said },
      { name: "things that went wrong", unit: "", ours: went },
      { name: "messages without an answer", unit: "", ours: report.unanswered.length, target: 0 },
      { name: "messages answered twice", unit: "", ours: report.twice.length, target: 0 },
      { name: "answers in another thread", unit: "", ours: report.astray.length, target: 0 },
      { name: "message to answer, p50", unit: "ms", ours: report.latencyMs.p50 },
      { name: "message to answer, p99", unit: "ms", ours: report.latencyMs.p99 },
      { name: "message to answer, longest", unit: "ms", ours: report.latencyMs.max },
      {
        name: "heap growth from the middle of the run to its end",
        unit: "MB",
        ours: late - early,
        target: 16,
      },
    ];
  } finally {
    await rm(dataFolder, { recursive: true, force: true });
  }
}

/** Only what is still in use counts. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  return () => typeof gc === "function" && void gc();
}

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { type Figure, type Flags, interleave, median } from "./harness.ts";

/** What `import` of the package costs a process that has loaded nothing yet. `--rounds` says how often; default 15. */
export async function run(flags: Flags): Promise<readonly Figure[]> {
  const rounds = Number(flags["rounds"] ?? 15);
  const root = join(import.meta.dirname, "..");
  const ours = pathToFileURL(join(root, "dist/index.js")).href;
  const bot = pathToFileURL(join(root, "dist/bot.js")).href;
  const [index, assembled, zod, peer] = await interleave(
    rounds,
    [ours, bot, import.meta.resolve("zod"), import.meta.resolve("@openai/agents")].map(
      (url) => () => importMs(url),
    ),
  );
  return [
    {
      name: "import opsthread",
      unit: "ms",
      ours: median(index ?? []),
      peer: median(peer ?? []),
      peerName: "@openai/agents",
      target: 60,
    },
    {
      name: "what createBot() loads, drivers aside",
      unit: "ms",
      ours: median(assembled ?? []),
      peer: median(zod ?? []),
      peerName: "zod alone",
    },
  ];
}

/** In a process of its own: what is loaded once costs nothing again. */
function importMs(url: string): number {
  const code = `const t = performance.now(); await import(${JSON.stringify(url)}); console.log(performance.now() - t);`;
  return Number(execFileSync(process.execPath, ["--input-type=module", "--eval", code]).toString());
}

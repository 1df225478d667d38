// Takes or restores a snapshot, and kills itself in the middle of that.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const { createWorkspaces } = await import("../../../dist/sandbox/workspaces.js");
const { signIn } = await import("../../../dist/sandbox/process-owner.js");
const { createSnapshots } = await import("../../../dist/sandbox/snapshots.js");
const { silentLogger } = await import("../../../dist/core/logger.js");
const { systemClock } = await import("../../../dist/core/clock.js");

const [, , folder, what, prefer, id] = process.argv;
const { trees } = await createWorkspaces({
  folder,
  process: await signIn(`${process.argv[2]}-owners`),
  prefer,
  uid: 65_534,
  gid: 65_534,
  log: silentLogger,
});
const snapshots = createSnapshots({
  folder: join(folder, ".snapshots"),
  trees,
  clock: systemClock,
});
const { signal } = new AbortController();
const looked = what === "take" ? join(folder, ".snapshots", "s_1") : join(folder, ".images");
setInterval(() => {
  const names = existsSync(looked) ? readdirSync(looked) : [];
  if (names.some((name) => /^[^.].*part$/.test(name))) process.kill(process.pid, "SIGKILL");
}, 1);
if (what === "take") await snapshots.take("s_1", { signal });
else await snapshots.restore("s_1", id, { signal });
process.exit();

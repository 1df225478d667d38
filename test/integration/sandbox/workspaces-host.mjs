// Opens a workspace, writes to it, and waits to be killed.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

const { createWorkspaces } = await import("../../../dist/sandbox/workspaces.js");
const { signIn } = await import("../../../dist/sandbox/process-owner.js");
const { silentLogger } = await import("../../../dist/core/logger.js");

const workspaces = await createWorkspaces({
  folder: process.argv[2],
  process: await signIn(`${process.argv[2]}-owners`),
  uid: 65_534,
  gid: 65_534,
  log: silentLogger,
});
const { signal } = new AbortController();
const { hostPath } = await workspaces.open("s_1", { workspaceBytes: 1_048_576, signal });
await writeFile(join(hostPath, "file"), "text");
process.send(hostPath);
setInterval(() => {}, 1_000);

// Opens a session in a warm sandbox, writes a file, and waits to be killed: `warm-host.mjs <folder> <state folder> <runtime folder>`.
import { setTimeout as delay } from "node:timers/promises";

import { dockerSandboxes } from "../../../dist/sandbox/docker/index.js";
import { Limits, Permissions } from "../../../dist/sandbox/permissions.js";

const [folder, stateFolder, runtimeFolder] = process.argv.slice(2);
const { DOCKER_HOST: host, OPSTHREAD_TEST_IMAGE: image } = process.env;
const { signal } = new AbortController();
const provider = await dockerSandboxes({
  folder,
  stateFolder,
  runtimeFolder,
  config: { pool: { size: 1 }, ...(host && { host }), ...(image && { image }) },
});
const open = (sessionId) =>
  provider.open(
    { sessionId, sources: [], permissions: Permissions.parse({}), limits: Limits.parse({}) },
    { signal },
  );
await (await open("s_first")).close();
await delay(3_000);
const sandbox = await open("s_1");
await sandbox.exec("echo text > file", { signal, executionId: "x_1" });
process.send("ready");
setInterval(() => {}, 1_000);

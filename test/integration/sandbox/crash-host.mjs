// A bot's worth of work with Docker sandboxes, to be killed at any moment: `crash-host.mjs <folders of a bot> <sessions> <mark>`.
// Several sessions at once open, run commands in front and in the background, move files, take snapshots, close, and begin
// again.
import { setTimeout as delay } from "node:timers/promises";

import { dockerSandboxes } from "../../../dist/sandbox/docker/index.js";
import { Limits, Permissions } from "../../../dist/sandbox/permissions.js";

const [folder, stateFolder, sessions, mark] = process.argv.slice(2);
const { DOCKER_HOST: host, OPSTHREAD_TEST_IMAGE: image } = process.env;
const { signal } = new AbortController();
const provider = await dockerSandboxes({
  folder,
  stateFolder,
  config: { pool: { size: 1, maxSize: 2 }, ...(host && { host }), ...(image && { image }) },
});
process.send("ready");
await Promise.all(sessions.split(",").map(work));

async function work(sessionId, index) {
  for (let round = 0; ; round += 1) {
    const sandbox = await provider.open(
      {
        sessionId,
        permissions: Permissions.parse(index === 0 ? { net: ["example.com:443"] } : {}),
        limits: Limits.parse({
          graceMs: 2_000,
          workspaceBytes: 32 * 1024 * 1024,
          memoryBytes: 128 * 1024 * 1024,
        }),
        sources: [],
      },
      { signal },
    );
    const run = (command, name) =>
      sandbox.exec(command, { signal, executionId: `x_${process.pid}_${round}_${name}` });
    await run(`setsid sleep ${mark} & sleep ${mark} & true`, "background");
    const long = run(`sleep ${mark}`, "long").catch(() => {});
    await Promise.all([
      sandbox.files.write("in", Buffer.alloc(1_000_000), { signal }),
      run("head -c 2000000 /dev/zero > out; seq 100000", "output"),
    ]);
    await sandbox.files.read("out", { offset: 0, length: 1_000 });
    await provider.snapshots?.take(sessionId, { signal });
    await delay(Math.random() * 300);
    if (round % 2 === 0) await sandbox.close();
    else await sandbox.detach();
    await long;
    process.send("round");
  }
}

/**
 * A process with one sandbox: `host-child.js <ours|peer> <leave|hold> <image> <folder> <mark>`. It says so when the
 * sandbox is there and runs a command (`hold`), or is closed again (`leave`), and then does nothing more.
 */
import Docker from "dockerode";

import { exec, openDriver } from "./ours.ts";
import { peerClient, peerExec } from "./peer.ts";

const [who = "", how = "", image = "", folder = "", mark = ""] = process.argv.slice(2);
await (who === "peer" ? thePeer() : ours());
process.send?.("ready");
process.disconnect?.();

async function ours(): Promise<void> {
  const options = { docker: new Docker(), image, ...(folder !== "" && { folder }) };
  const driver = await openDriver("docker", options);
  const sandbox = await driver.open({ sessionId: "s_host", limits: { graceMs: 2_000 } });
  await exec(sandbox, "true");
  if (how === "leave") {
    await sandbox.close();
    await driver[Symbol.asyncDispose]();
  } else {
    // It waits for as long as the command runs.
    void exec(sandbox, `sleep ${mark}`, { timeoutMs: 60_000 });
    await exec(sandbox, "sleep 0.2");
  }
}

async function thePeer(): Promise<void> {
  const session = await peerClient(image, {
    ...(folder !== "" && { workspaceBaseDir: folder }),
  }).create();
  await peerExec(session, "true");
  if (how === "leave") await session.close();
  else {
    void session.exec({ cmd: `sleep ${mark}`, yieldTimeMs: 60_000 });
    await peerExec(session, "sleep 0.2");
  }
}

// A host program that opens a sandbox in bubblewrap and starts a command in it, tells so, and then goes on until it is killed.
// With several commands it runs one after the other, tells how each ended, and closes.
import { bubblewrapSandboxes } from "../../../dist/sandbox/bubblewrap/index.js";
import { Limits, Permissions } from "../../../dist/sandbox/permissions.js";

const { root, limits = {}, command, commands } = JSON.parse(process.argv[2]);
const { signal } = new AbortController();
try {
  const provider = await bubblewrapSandboxes({
    folder: `${root}/workspaces`,
    stateFolder: `${root}/state`,
  });
  const sandbox = await provider.open(
    {
      sessionId: "s_host",
      permissions: Permissions.parse({}),
      limits: Limits.parse(limits),
      sources: [],
    },
    { signal },
  );
  if (commands) {
    const results = [];
    for (const [index, some] of commands.entries())
      results.push(await sandbox.exec(some, { signal, executionId: `x_${index}` }));
    await sandbox.close();
    await provider[Symbol.asyncDispose]();
    process.send({ results, capabilities: provider.capabilities }, () => process.disconnect());
  } else {
    let isTold = false;
    await sandbox.exec(command, {
      signal,
      executionId: "x_host",
      onOutput() {
        if (!isTold) process.send("running");
        isTold = true;
      },
    });
  }
} catch (error) {
  process.send({ error: String(error) }, () => process.disconnect());
}

// A host program that opens a sandbox and then ends in the way that it is told, without closing anything.
import { Limits, Permissions } from "../../../dist/sandbox/permissions.js";
import { virtualSandboxes } from "../../../dist/sandbox/virtual/index.js";

const [folder, module, how] = process.argv.slice(2);
const { signal } = new AbortController();
const sandbox = await virtualSandboxes({ folder }).open(
  {
    sessionId: "s_host",
    permissions: Permissions.parse({}),
    limits: Limits.parse({}),
    sources: [],
  },
  { signal },
);
await sandbox.exec("true", { signal, executionId: "x_1" });
if (how === "spin")
  void sandbox.task(
    { name: "spin", module, input: {} },
    { signal, executionId: "x_2", onProgress: ({ text }) => process.send(Number(text)) },
  );
else process.channel.unref();

// A host program with one Docker sandbox. It says when that is there and either closes everything ("leave"), or runs a command
// ("hold"), and then does nothing more.
import { dockerSandboxes } from "../../../dist/sandbox/docker/index.js";
import { Limits, Permissions } from "../../../dist/sandbox/permissions.js";

const [folder, stateFolder, how, mark, graceMs = "1000", supervisor = "auto"] =
  process.argv.slice(2);
const { DOCKER_HOST: host, OPSTHREAD_TEST_IMAGE: image } = process.env;
const engine = { ...(host && { host }), ...(image && { image }) };
const { signal } = new AbortController();
const provider = await dockerSandboxes({
  folder,
  stateFolder,
  config: { pool: { size: 0 }, supervisor, ...engine },
});
const sandbox = await provider.open(
  {
    sessionId: "s_host",
    permissions: Permissions.parse({}),
    limits: Limits.parse({ graceMs: Number(graceMs) }),
    sources: [],
  },
  { signal },
);
await sandbox.exec("true", { signal, executionId: "x_1" });
if (how === "leave") {
  await sandbox.close();
  await provider[Symbol.asyncDispose]();
} else {
  void sandbox.exec(`sleep ${mark}`, { signal, executionId: "x_2" });
  await sandbox.exec("sleep 0.2", { signal, executionId: "x_3" });
}
process.send("ready");
process.disconnect();

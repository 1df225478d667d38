import { exec, openDriver } from "../ours.ts";
import { peerClient } from "../peer.ts";
import { emptyImage } from "./left-overs.ts";
import type { Probe } from "./probe.ts";

/** How failures are told. */
export const failures: readonly Probe[] = [
  {
    id: "U",
    name: "a command whose shell is not in the image",
    async peer({ image }) {
      const session = await peerClient(image).create();
      try {
        const { exitCode, stdout, stderr } = await session.exec({ cmd: "true", shell: "/bin/no" });
        const where = stdout.includes("no such file") ? "stdout" : "stderr";
        return `exit ${exitCode}, "${(stdout + stderr).slice(0, 30).trim()}…" on ${where}`;
      } catch (error) {
        return `throws ${error instanceof Error ? error.constructor.name : typeof error}`;
      } finally {
        await session.close();
      }
    },
    async ours({ docker, image }) {
      const empty = await emptyImage(docker);
      try {
        await using driver = await openDriver("docker", { docker, image });
        await using sandbox = await driver.open({ image: empty });
        const { outcome, stdout, stderr } = await exec(sandbox, "true");
        const code = outcome.type === "exit" ? outcome.code : Number.NaN;
        return {
          text: `exit ${code}, "${stderr.text.slice(0, 42)}…" on stderr`,
          holds: code === 127 && stdout.bytes === 0 && /neither bash nor sh/.test(stderr.text),
        };
      } finally {
        await docker.getImage(empty).remove({ force: true });
      }
    },
  },
];

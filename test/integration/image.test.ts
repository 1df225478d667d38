import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";

import { describe, expect, inject, test } from "vitest";

import { connectEngine } from "../../src/sandbox/docker/engine.ts";

const engine = inject("engine");
const program = join(import.meta.dirname, "../../bin/opsthread.js");
const signal = new AbortController().signal;

function opsthread(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, [program, ...args], {
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
}

describe.skipIf(!engine.available)("the sandbox image", () => {
  const { socket, image } = engine.available ? engine : { socket: "", image: "" };
  const env = { DOCKER_HOST: `unix://${socket}` };

  async function inside(script: string): Promise<readonly string[]> {
    const { client } = await connectEngine({ host: socket, signal });
    const container = await client.createContainer({
      Image: image,
      Cmd: ["/bin/sh", "-c", script],
      Labels: { "opsthread.test": "image" },
      HostConfig: { NetworkMode: "none", ReadonlyRootfs: true, CapDrop: ["ALL"] },
    });
    try {
      const stream = await container.attach({ stream: true, stdout: true, stderr: true });
      const output = new PassThrough();
      client.modem.demuxStream(stream, output, output);
      stream.on("end", () => output.end());
      await container.start();
      return (await text(output)).trim().split("\n");
    } finally {
      await container.remove({ force: true });
    }
  }

  test("runs as nobody in the workspace, with the folders that a sandbox mounts", async () => {
    const output = await inside(
      "id -u; id -g; pwd; echo $HOME $LC_ALL; stat -c '%n %a %u' /tmp /workspace /sources /opsthread",
    );
    expect(output).toEqual([
      "65534",
      "65534",
      "/workspace",
      "/workspace C.UTF-8",
      "/tmp 1777 0",
      "/workspace 755 65534",
      "/sources 755 0",
      "/opsthread 755 0",
    ]);
  });

  test("has nothing setuid, no caches and no manuals", async () => {
    const output = await inside(
      "find / -xdev ! -type l -perm /6000 2>/dev/null; find /var/lib/apt/lists /var/cache/apt /usr/share/man -type f -size +0 2>/dev/null; echo end",
    );
    expect(output).toEqual(["end"]);
  });

  test("has the tools of ops work, and a Node.js that runs tasks", async () => {
    const tools =
      "bash gawk rg jq yq git curl openssl python3 sqlite3 tree bc zstd unzip file less patch ps";
    const output = await inside(
      `for tool in ${tools}; do command -v $tool >/dev/null || echo no $tool; done; node -p 'process.versions.node'`,
    );
    expect(output).toHaveLength(1);
    const [major = 0, minor = 0] = (output[0] ?? "").split(".").map(Number);
    expect(major * 100 + minor).toBeGreaterThanOrEqual(2019);
  });

  test("is listed and inspected by the command line", () => {
    const inspected = opsthread(["image", "inspect", image, "--json"], env);
    const facts: unknown = JSON.parse(inspected.stdout);
    expect(facts).toMatchObject({ reference: image, digest: expect.stringMatching(/^sha256:/) });
    expect(opsthread(["image", "list"], env).stdout).toContain(`${image.split(":")[0]}:`);
  });

  test("is checked by doctor, which fails when another digest is pinned", () => {
    const doctor = (...args: readonly string[]) =>
      opsthread(["doctor", "--json", "--sandbox", "docker", "--image", image, ...args], env);
    const { status, stdout } = doctor();
    expect(JSON.parse(stdout)).toMatchObject({ healthy: true });
    expect(status).toBe(0);
    const pinned = doctor("--digest", "sha256:0");
    expect(pinned.stdout).toContain("expected sha256:0");
    expect(pinned.status).toBe(1);
  });
});

test("without an engine, image commands say how to get one", () => {
  const { status, stderr } = opsthread(["image", "list"], { DOCKER_HOST: "unix:///nowhere.sock" });
  expect(stderr).toContain("no socket at /nowhere.sock");
  expect(stderr).toContain("SANDBOX_ENGINE");
  expect(status).toBe(1);
});

import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { SandboxesUnderTest } from "opsthread/testing";
import { describe, expect, test } from "vitest";
import type { z } from "zod";

import type { McpServers } from "../../../src/agent/mcp/config.ts";
import type { ToolSession } from "../../../src/agent/tool.ts";
import { probeBubblewrap } from "../../../src/sandbox/bubblewrap/probe.ts";
import { runOnHost } from "../../../src/sandbox/host-command.ts";
import { Limits, Permissions } from "../../../src/sandbox/permissions.ts";
import { prepareNodeRuntime } from "../../../src/sandbox/task-host/node-runtime.ts";
import { callTool, noSandbox, offered, toolsOf } from "../../agent/mcp/tools-of.ts";
import { webServer } from "../../agent/mcp/web-server.ts";
import { runtimeFolder } from "../sandbox/on-own-folders.ts";
import { openBubblewrap } from "../sandbox/open-bubblewrap.ts";
import { openDocker, withoutRuntime } from "../sandbox/open-docker.ts";
import { openVirtual } from "../sandbox/open-virtual.ts";

const signal = new AbortController().signal;
const packages = await realpath(fileURLToPath(new URL("../../../node_modules", import.meta.url)));
const node = await prepareNodeRuntime({ folder: join(runtimeFolder, "node") });
const serverFile = new URL("./server-in-sandbox.mjs", import.meta.url);

const bubblewrap = await probeBubblewrap(runOnHost, { signal: AbortSignal.timeout(10_000) });
const docker = withoutRuntime("runc");
const drivers: readonly [string, string | undefined, () => Promise<SandboxesUnderTest>][] = [
  ["bubblewrap", bubblewrap.ok ? undefined : bubblewrap.reason, () => openBubblewrap()],
  ["docker", docker, () => openDocker()],
];

/** A session with a sandbox of a driver, and servers in it. */
async function inSandbox(
  open: () => Promise<SandboxesUnderTest>,
  servers: z.input<typeof McpServers>,
) {
  const subject = await open();
  const openAgain = () =>
    subject.provider.open(
      {
        sessionId: "s_mcp",
        sources: [{ name: "node_modules", hostPath: packages }],
        permissions: Permissions.parse({}),
        limits: Limits.parse({}),
      },
      { signal },
    );
  let sandbox = await openAgain();
  await sandbox.files.write("server.mjs", await readFile(serverFile), { signal });
  const session: ToolSession = { ...noSandbox, sandbox: () => Promise.resolve(sandbox) };
  const tools = toolsOf(servers);
  return {
    session,
    call: (name: string) => callTool(tools, name, {}, { session }),
    offered: () => offered(tools, { session }),
    executions: () => sandbox.executions(),
    /** Another turn, after the sandbox was closed. */
    async reopen() {
      await sandbox.close();
      sandbox = await openAgain();
    },
    async [Symbol.asyncDispose]() {
      await tools[Symbol.asyncDispose]();
      await sandbox.close();
      await subject[Symbol.asyncDispose]();
    },
  };
}

const program = [...node.argv("/opsthread/node"), "/workspace/server.mjs", "/sources/node_modules"];
const shell = (script: string) => ({
  type: "stdio" as const,
  command: ["sh", "-c", script] satisfies [string, ...string[]],
});
const [command = "", ...args] = program;
const stdio = {
  type: "stdio",
  command: [command, ...args] satisfies [string, ...string[]],
} as const;

for (const [driver, without, open] of drivers) {
  const skipped = without === undefined ? "" : `: skipped, ${without}`;
  describe.skipIf(without !== undefined)(`MCP servers in ${driver} sandboxes${skipped}`, () => {
    test("a real one runs in the sandbox, from its first use on, and is started again when it has ended", async () => {
      await using host = await webServer(() => new Response("reached"));
      const servers = { inside: { ...stdio, env: { HOST_URL: host.url, LEVEL: "2" } } };
      process.env["OPSTHREAD_SUITE_SECRET"] = "host-secret";
      await using sandbox = await inSandbox(open, servers);
      const { tools, notes } = await sandbox.offered();
      expect(notes).toEqual([]);
      expect(tools.map(({ name }) => name)).toContain("mcp_inside_note");

      const { output: pid } = await sandbox.call("mcp_inside_pid");
      expect((await sandbox.call("mcp_inside_pid")).output).toBe(pid);
      const env = (await sandbox.call("mcp_inside_env")).output;
      expect(env).toContain('"LEVEL":"2"');
      expect(env).not.toContain("host-secret");
      expect((await sandbox.call("mcp_inside_note")).output).toBe("from the server");
      expect((await sandbox.call("mcp_inside_reach")).output).not.toBe("reached");
      expect(host.requests).toEqual([]);
      expect((await sandbox.call("mcp_inside_much")).output).toHaveLength(3_000_000);
      expect((await sandbox.call("mcp_inside_picture")).output).toBe(
        "[image, image/png, 7 bytes: kept in mcp/inside/x1-1.png]",
      );
      const files = (await sandbox.session.sandbox()).files;
      const kept = await files.read("mcp/inside/x1-1.png", { offset: 0, length: 100 });
      expect(Buffer.from(kept?.bytes ?? []).toString()).toBe("picture");

      const crash = await sandbox.call("mcp_inside_crash");
      expect(crash.status).toBe("unknown");
      expect(crash.output).toContain("exit code 7; on stderr it said:\nabout to end");
      expect((await sandbox.call("mcp_inside_pid")).output).not.toBe("");
      expect(await sandbox.executions()).toHaveLength(1);

      await sandbox.reopen();
      expect(await sandbox.executions()).toEqual([]);
      expect((await sandbox.call("mcp_inside_note")).output).toBe("from the server");
      delete process.env["OPSTHREAD_SUITE_SECRET"];
    });

    test.each([
      ["floods", shell("yes"), "it does not speak the protocol"],
      [
        "sends a line without an end",
        shell("head -c 100000000 /dev/zero | tr '\\0' x"),
        "it sent a message of more than 16 MiB",
      ],
      [
        "ends at once",
        shell("echo no such file >&2; exit 3"),
        "exit code 3; on stderr it said:\nno",
      ],
      ["closes its input", shell("exec 0<&-; sleep 60"), "it did not answer within 2 s"],
    ])("one that %s has no tools, and leaves nothing running", async (_case, server, why) => {
      await using sandbox = await inSandbox(open, { bad: { ...server, startMs: 2_000 } });
      const { tools, notes } = await sandbox.offered();

      expect(tools).toEqual([]);
      expect(notes[0]).toContain(why);
      expect(await sandbox.executions()).toEqual([]);
    });
  });
}

test("a sandbox without real programs says that it can't run a server", async () => {
  await using subject = await openVirtual();
  await using sandbox = await subject.provider.open(
    {
      sessionId: "s_mcp",
      sources: [],
      permissions: Permissions.parse({}),
      limits: Limits.parse({}),
    },
    { signal },
  );
  await using tools = toolsOf({ inside: stdio });
  const session = { ...noSandbox, sandbox: () => Promise.resolve(sandbox) };
  const { notes } = await offered(tools, { session });

  expect(notes[0]).toContain("this sandbox is an interpreter, expected one with real programs");
});

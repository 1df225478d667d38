import type { McpServer } from "@modelcontextprotocol/server";
import { describe, expect, test } from "vitest";

import { type DemoOptions, demoServer, legacyHandler, modernHandler } from "./demo-server.ts";
import { callTool, offered, toolsAt, toolsOf, until } from "./tools-of.ts";
import { type WebServer, webServer } from "./web-server.ts";

const eras = {
  "the current version": (make: () => McpServer) => webServer(modernHandler(make)),
  "the version with sessions": (make: () => McpServer) => webServer(legacyHandler(make).handler),
} satisfies Record<string, (make: () => McpServer) => Promise<WebServer>>;

describe.each(Object.entries(eras))("a server of %s", (_, serve) => {
  const started = async (options: DemoOptions = {}) =>
    toolsAt("demo", await serve(() => demoServer(options)));

  test("offers its tools by names of their own, with its description and schema", async () => {
    await using demo = await started();
    const { tools, notes } = await offered(demo.tools);

    expect(notes).toEqual([]);
    expect(tools.map(({ name }) => name)).toContain("mcp_demo_add");
    const add = tools.find(({ name }) => name === "mcp_demo_add");
    expect(add?.description).toBe(
      'Tool "add" of the MCP server "demo", which says of it: Add: Adds two numbers.',
    );
    expect(add?.parameters).toMatchObject({
      type: "object",
      properties: { a: { type: "number" }, b: { type: "number" } },
      required: ["a", "b"],
    });
    expect(add?.effect).toBe("at-most-once");
  });

  test("is called, and its failure is the tool's", async () => {
    await using demo = await started();

    expect(await callTool(demo.tools, "mcp_demo_add", { a: 1, b: 2 })).toEqual({
      status: "ok",
      output: "3",
      measures: {},
      artifacts: [],
    });
    expect(await callTool(demo.tools, "mcp_demo_fail")).toMatchObject({
      status: "failed",
      output: "The disk is full",
    });
  });

  test("checks the arguments itself", async () => {
    await using demo = await started();
    const wrong = await callTool(demo.tools, "mcp_demo_add", { a: "one" });

    expect(wrong.status).toBe("failed");
    expect(wrong.output).toMatch(/expected number/i);
  });

  test("shows how far it is", async () => {
    await using demo = await started();
    const lines: string[] = [];
    await callTool(demo.tools, "mcp_demo_slow", {}, { progress: (line) => lines.push(line) });

    expect(lines).toEqual(["demo: Half of it (1 of 2)"]);
  });

  test("is told when a call is stopped, and nobody waits for it", async () => {
    const said: string[] = [];
    await using demo = await started({ onWait: (what) => said.push(what) });
    const stop = new AbortController();
    const call = callTool(demo.tools, "mcp_demo_wait", {}, { signal: stop.signal });
    await until(() => said.includes("begun"));
    stop.abort(new Error("Stopped by a person"));

    await expect(call).rejects.toThrow("Stopped by a person");
    await until(() => said.includes("cancelled"));
  });

  test("is asked once for its tools, and again when some time has passed", async () => {
    await using demo = await started();
    await offered(demo.tools);
    const before = demo.web.requests.length;
    await offered(demo.tools);

    expect(demo.web.requests.length).toBe(before);
  });
});

test("a tool that a server brings later is there in the next turn", async () => {
  const legacy = legacyHandler(() => demoServer());
  await using web = await webServer(legacy.handler);
  await using tools = toolsOf({ demo: { type: "http", url: web.url } });
  await callTool(tools, "mcp_demo_grow");
  const names = async () => (await offered(tools)).tools.map(({ name }) => name);
  while (!(await names()).includes("mcp_demo_grown")) {
    await new Promise((resolve) => setImmediate(resolve));
  }

  expect((await callTool(tools, "mcp_demo_grown")).output).toBe("grown");
});

test("a server that has forgotten the session is greeted anew, and takes the call", async () => {
  const legacy = legacyHandler(() => demoServer());
  await using web = await webServer(legacy.handler);
  await using tools = toolsOf({ demo: { type: "http", url: web.url } });
  await callTool(tools, "mcp_demo_add", { a: 1, b: 1 });
  legacy.forget();

  expect(await callTool(tools, "mcp_demo_add", { a: 2, b: 2 })).toMatchObject({
    status: "ok",
    output: "4",
  });
});

test("a server whose connection is closed forgets the session", async () => {
  const legacy = legacyHandler(() => demoServer());
  await using web = await webServer(legacy.handler);
  const tools = toolsOf({ demo: { type: "http", url: web.url } });
  await offered(tools);
  expect(legacy.sessions()).toBe(1);
  await tools[Symbol.asyncDispose]();

  expect(legacy.sessions()).toBe(0);
});

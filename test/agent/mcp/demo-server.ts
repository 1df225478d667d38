import { randomUUID } from "node:crypto";

import {
  createMcpHandler,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { z } from "zod";

import type { Handler } from "./web-server.ts";

export interface DemoOptions {
  /** Told when a call of `wait` begins, and when it is cancelled. */
  readonly onWait?: (what: "begun" | "cancelled") => void;
  /** What `header` gives. */
  readonly header?: () => string;
}

/** A server as people write them, with tools of every kind. */
export function demoServer({ onWait = () => {}, header = () => "" }: DemoOptions = {}): McpServer {
  const server = new McpServer({ name: "demo", version: "1.0.0" });
  const text = (said: string) => ({ content: [{ type: "text" as const, text: said }] });
  server.registerTool(
    "add",
    {
      title: "Add",
      description: "Adds two numbers.",
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      annotations: { readOnlyHint: true },
    },
    ({ a, b }) => text(String(a + b)),
  );
  server.registerTool("fail", { description: "Fails." }, () => ({
    ...text("The disk is full"),
    isError: true,
  }));
  server.registerTool("header", { description: "What it was sent." }, () => text(header()));
  server.registerTool("slow", { description: "Tells how far it is." }, async (context) => {
    const { _meta: meta } = context.mcpReq;
    const token = meta?.progressToken;
    if (token !== undefined)
      await context.mcpReq.notify({
        method: "notifications/progress",
        params: { progressToken: token, progress: 1, total: 2, message: "Half of it" },
      });
    return text("done");
  });
  server.registerTool("wait", { description: "Never ends." }, async (context) => {
    onWait("begun");
    const { signal } = context.mcpReq;
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve());
    });
    onWait("cancelled");
    return text("cancelled");
  });
  server.registerTool("grow", { description: "Brings another tool." }, () => {
    server.registerTool("grown", { description: "Another tool." }, () => text("grown"));
    return text("ok");
  });
  return server;
}

/** Serves the current version of the protocol, without sessions. */
export function modernHandler(make: () => McpServer): Handler {
  const handler = createMcpHandler(make, { legacy: "reject" });
  return (request) => handler.fetch(request);
}

export interface LegacyHandler {
  readonly handler: Handler;
  /** Forgets all sessions, as a restart does. */
  forget(): void;
  readonly sessions: () => number;
}

/** Serves the version of 2025, with sessions. */
export function legacyHandler(make: () => McpServer): LegacyHandler {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  return {
    forget: () => sessions.clear(),
    sessions: () => sessions.size,
    async handler(request) {
      const id = request.headers.get("mcp-session-id");
      const known = id === null ? undefined : sessions.get(id);
      if (known) return known.handleRequest(request);
      if (id !== null) return new Response("Session not found", { status: 404 });
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (fresh) => void sessions.set(fresh, transport),
        onsessionclosed: (gone) => void sessions.delete(gone),
      });
      await make().connect(transport);
      return transport.handleRequest(request);
    },
  };
}

import { describe, expect, test } from "vitest";

import { manualClock } from "../../../src/testing/manual-clock.ts";
import { demoServer, legacyHandler } from "./demo-server.ts";
import { callTool, offered, toolsAt, toolsOf, until } from "./tools-of.ts";
import { type Handler, webServer } from "./web-server.ts";

const json = (id: unknown, result: unknown): Response =>
  Response.json({ jsonrpc: "2.0", id, result });

/** A server that greets and lists one tool as it should, and answers calls of it by `called`. */
function withTool(
  called: (id: unknown) => Response | Promise<Response>,
  listed: object = { tools: [{ name: "do", inputSchema: { type: "object" } }] },
): Handler {
  return async (request) => {
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const { id, method } = (await request.json()) as { id?: unknown; method: string };
    switch (method) {
      case "initialize":
        return json(id, {
          protocolVersion: "2025-06-18",
          capabilities: { tools: {} },
          serverInfo: { name: "hostile", version: "1" },
        });
      case "tools/list":
        return json(id, listed);
      case "tools/call":
        return called(id);
      case "server/discover":
        return Response.json(
          { jsonrpc: "2.0", id, error: { code: -32_601, message: "Method not found" } },
          { status: 404 },
        );
      default:
        return new Response(null, { status: 202 });
    }
  };
}

/** A body that never ends. */
const endless = (piece: string): ReadableStream<Uint8Array> => {
  const bytes = Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length)));
  return new ReadableStream({ pull: (controller) => controller.enqueue(bytes) });
};

const events = { headers: { "content-type": "text/event-stream" } };

const calling = async (called: (id: unknown) => Response | Promise<Response>, listed?: object) =>
  toolsAt("bad", await webServer(withTool(called, listed)));

describe("an answer that", () => {
  test.each([
    [
      "is one message without an end",
      () => new Response(endless("x"), { headers: { "content-type": "application/json" } }),
    ],
    ["is one event without an end", () => new Response(endless("data: x\r\n"), events)],
  ])("%s ends the call", async (_, called) => {
    await using bad = await calling(called);
    const { status, output } = await callTool(bad.tools, "mcp_bad_do");

    expect(status).toBe("unknown");
    expect(output).toContain("it sent a message of more than 16 MiB");
  });

  test("is a flood of notifications ends the call, and the next one is made anew", async () => {
    const notification = `data: ${JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "x" } })}\n\n`;
    let calls = 0;
    await using bad = await calling((id) => {
      calls += 1;
      return calls === 1
        ? new Response(endless(notification), events)
        : json(id, { content: [{ type: "text", text: "fine" }] });
    });
    const first = await callTool(bad.tools, "mcp_bad_do");

    expect(first.status).toBe("unknown");
    expect(first.output).toContain("more messages than anybody could read");
    expect((await callTool(bad.tools, "mcp_bad_do")).output).toBe("fine");
  });

  test("breaks off is told, and not waited for", async () => {
    await using bad = await calling(() => new Response(": nothing\n\n", events));
    const { status, output } = await callTool(bad.tools, "mcp_bad_do");

    expect(status).toBe("unknown");
    expect(output).toContain("it broke off its answer");
  });

  test.each([
    [
      "is no JSON",
      () => new Response("<html>", { headers: { "content-type": "application/json" } }),
    ],
    ["is no protocol", (id: unknown) => json(id, { content: 7 })],
    ["is a page", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["asks for a password", () => new Response("no", { status: 500 })],
  ])("%s is told", async (_, called) => {
    await using bad = await calling(called);
    const { status, output } = await callTool(bad.tools, "mcp_bad_do");

    expect(["failed", "unknown"]).toContain(status);
    expect(output).toMatch(/^The MCP server "bad" did not do it: /);
  });

  test("nests without an end is text like any other", async () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    await using bad = await calling(
      (id) =>
        new Response(
          `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[],"structuredContent":{"deep":${deep}}}}`,
          { headers: { "content-type": "application/json" } },
        ),
    );
    const call = callTool(bad.tools, "mcp_bad_do").then(
      () => "told",
      () => "told",
    );

    expect(await call).toBe("told");
  });

  test("asks for a model is refused, and the call goes on", async () => {
    let refused: unknown;
    const asking = withTool((id) => {
      const ask = { jsonrpc: "2.0", id: "q", method: "sampling/createMessage", params: {} };
      const body = new TransformStream<Uint8Array, Uint8Array>();
      const writer = body.writable.getWriter();
      const say = (message: unknown) =>
        writer.write(Buffer.from(`data: ${JSON.stringify(message)}\n\n`)).catch(() => {});
      void say(ask);
      const answer = async (): Promise<void> => {
        await until(() => refused !== undefined);
        await say({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "fine" }] } });
        await writer.close();
      };
      void answer();
      return new Response(body.readable, events);
    });
    await using web = await webServer(async (request) => {
      const copy = request.clone();
      const message = request.method === "POST" ? ((await copy.json()) as { id?: unknown }) : {};
      if (message.id === "q") refused = message;
      return asking(request);
    });
    await using tools = toolsOf({ bad: { type: "http", url: web.url } });

    expect((await callTool(tools, "mcp_bad_do")).output).toBe("fine");
    expect(refused).toMatchObject({ error: { code: -32_601 } });
  });
});

describe("a list of tools that", () => {
  const listing = (listed: object) => calling((id) => json(id, { content: [] }), listed);
  const schema = { type: "object" };

  test("has the same name twice, or two that become one, has it once", async () => {
    await using bad = await listing({
      tools: [
        { name: "a", inputSchema: schema },
        { name: "a", inputSchema: schema },
        { name: "b c", inputSchema: schema },
        { name: "b.c", inputSchema: schema },
        { name: "x".repeat(100), inputSchema: schema },
      ],
    });
    const { tools } = await offered(bad.tools);
    const names = tools.map(({ name }) => name);

    expect(new Set(names).size).toBe(4);
    expect(names.every((name) => /^mcp_bad_[A-Za-z0-9_-]+$/.test(name) && name.length <= 64)).toBe(
      true,
    );
  });

  test("has no end is cut", async () => {
    let pages = 0;
    await using web = await webServer(async (request) => {
      const copy = request.clone();
      const { id, method } = (request.method === "POST" ? await copy.json() : {}) as {
        id?: unknown;
        method?: string;
      };
      if (method !== "tools/list") return withTool(() => json(id, {}))(request);
      pages += 1;
      const some = Array.from({ length: 40 }, (_, at) => ({
        name: `t${pages}-${at}`,
        inputSchema: schema,
      }));
      return json(id, { tools: some, nextCursor: `page-${pages}` });
    });
    await using tools = toolsOf({ bad: { type: "http", url: web.url } });

    expect((await offered(tools)).tools).toHaveLength(100);
    expect(pages).toBe(3);
  });

  test("says much of a tool is shortened", async () => {
    await using bad = await listing({
      tools: [
        {
          name: "a",
          description: "y".repeat(100_000),
          inputSchema: { type: "object", description: "z".repeat(100_000) },
        },
      ],
    });
    const [tool] = (await offered(bad.tools)).tools;

    expect(tool?.description.length).toBeLessThan(2_200);
    expect(tool?.parameters).toEqual({ type: "object", additionalProperties: true });
  });

  test("claims that a tool only reads is believed only where that is configured", async () => {
    const listed = {
      tools: [
        { name: "read", inputSchema: schema, annotations: { readOnlyHint: true } },
        { name: "put", inputSchema: schema, annotations: { idempotentHint: true } },
        { name: "do", inputSchema: schema },
      ],
    };
    await using bad = await listing(listed);
    await using trusted = toolsOf({
      bad: { type: "http", url: bad.web.url, trustAnnotations: true },
    });
    const effects = async (tools: typeof trusted) =>
      (await offered(tools)).tools.map(({ effect }) => effect);

    expect(await effects(bad.tools)).toEqual(["at-most-once", "at-most-once", "at-most-once"]);
    expect(await effects(trusted)).toEqual(["pure", "idempotent", "at-most-once"]);
  });
});

test("a server's schema is not run: a pattern of it can't hold the bot up", async () => {
  const outputSchema = {
    type: "object",
    properties: { text: { type: "string", pattern: "^(a+)+$" } },
  };
  await using bad = await calling(
    (id) => json(id, { content: [], structuredContent: { text: `${"a".repeat(40)}!` } }),
    { tools: [{ name: "do", inputSchema: { type: "object" }, outputSchema }] },
  );

  expect((await callTool(bad.tools, "mcp_bad_do")).output).toContain("aaaa!");
});

test("tools that are not allowed are not there", async () => {
  const legacy = legacyHandler(() => demoServer());
  await using web = await webServer(legacy.handler);
  const names = async (wanted: object) => {
    await using tools = toolsOf({ demo: { type: "http", url: web.url, tools: wanted } });
    return (await offered(tools)).tools.map(({ name }) => name);
  };

  expect(await names({ allow: ["add", "fail"] })).toEqual(["mcp_demo_add", "mcp_demo_fail"]);
  expect(await names({ allow: ["add", "fail"], deny: ["fail"] })).toEqual(["mcp_demo_add"]);
  expect(await names({ deny: ["add"] })).not.toContain("mcp_demo_add");
});

describe("a server that", () => {
  test("is not there leaves its tools out, tells so, and is not asked again at once", async () => {
    const web = await webServer(() => new Response());
    await web[Symbol.asyncDispose]();
    const { clock, url } = { clock: manualClock(), url: web.url };
    await using tools = toolsOf({ gone: { type: "http", url } }, { clock });
    const first = await offered(tools);

    expect(first.tools).toEqual([]);
    expect(first.notes).toEqual([
      'The tools of the MCP server "gone" are not there in this turn. Cannot use the MCP server "gone": it can\'t be reached (ECONNREFUSED)',
    ]);
    expect((await offered(tools)).notes).toEqual(first.notes);
  });

  test("is there again after a minute is asked again", async () => {
    let isUp = false;
    const demo = legacyHandler(() => demoServer());
    await using web = await webServer((request) =>
      isUp ? demo.handler(request) : new Response("starting", { status: 503 }),
    );
    const clock = manualClock();
    await using tools = toolsOf({ demo: { type: "http", url: web.url } }, { clock });
    expect((await offered(tools)).notes[0]).toContain("HTTP 503");
    isUp = true;
    expect((await offered(tools)).tools).toEqual([]);
    await clock.advance(60_000);

    expect((await offered(tools)).tools).not.toEqual([]);
  });

  test("does not let the bot in says what to do", async () => {
    await using web = await webServer(() => new Response("who?", { status: 401 }));
    await using tools = toolsOf({ locked: { type: "http", url: web.url } });
    const { notes } = await offered(tools);

    expect(notes[0]).toContain('"locked": it does not let the bot in (HTTP 401)');
    expect(notes[0]).toContain("signing in by OAuth is not supported");
  });

  test("never answers is given up after its time", async () => {
    await using web = await webServer(() => new Promise(() => {}));
    const clock = manualClock();
    await using tools = toolsOf({ slow: { type: "http", url: web.url } }, { clock });
    const offering = offered(tools);
    await until(() => web.requests.length > 0);
    await clock.advance(15_000);

    expect((await offering).notes[0]).toContain("it did not answer within 15 s");
  });

  test("leads elsewhere is not followed, and what was for it goes nowhere else", async () => {
    const other = await webServer(() => new Response());
    await using web = await webServer(
      () => new Response(null, { status: 307, headers: { location: other.url } }),
    );
    await using tools = toolsOf({ lost: { type: "http", url: web.url, headers: { team: "ops" } } });
    const { notes } = await offered(tools);

    expect(notes).toHaveLength(1);
    expect(other.requests).toEqual([]);
    await other[Symbol.asyncDispose]();
  });
});

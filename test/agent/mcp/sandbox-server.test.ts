import { describe, expect, test } from "vitest";

import { Stopped } from "../../../src/core/abort.ts";
import type { Outcome } from "../../../src/sandbox/sandbox.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { answer, type FakeSandbox, fakeSandbox, type Program, withTool } from "./fake-sandbox.ts";
import { callTool, offered, toolsOf, until } from "./tools-of.ts";

const stdio = { type: "stdio", command: ["serve", "it's", "$HOME"] } as const;
const never = new Promise<never>(() => {});

test("a server is started in the sandbox, once, and knows nothing but what is configured", async () => {
  const seen: Program["options"][] = [];
  const session = fakeSandbox(async (run) => {
    seen.push(run.options);
    return withTool((_, id) => answer(run, id, "fine"))(run);
  });
  const env = { LEVEL: "2" };
  await using tools = toolsOf({ files: { ...stdio, env, cwd: "data" } });
  const { tools: all, notes } = await offered(tools, { session });

  expect(notes).toEqual([]);
  expect(all.map(({ name }) => name)).toEqual(["mcp_files_do"]);
  expect((await callTool(all, "mcp_files_do", {}, { session })).output).toBe("fine");
  expect((await callTool(all, "mcp_files_do", {}, { session })).output).toBe("fine");
  expect(session.commands).toEqual([String.raw`exec 'serve' 'it'\''s' '$HOME'`]);
  expect(seen[0]).toMatchObject({ env, cwd: "data", isService: true, executionId: "mcp-files" });
});

test("what is known of its tools opens no sandbox", async () => {
  const program = withTool((run, id) => answer(run, id, "fine"));
  const [first, second] = [fakeSandbox(program), fakeSandbox(program)];
  await using tools = toolsOf({ files: stdio });
  await offered(tools, { session: first });
  const { tools: all } = await offered(tools, { session: second });

  expect(second.opened()).toBe(0);
  expect((await callTool(all, "mcp_files_do", {}, { session: second })).output).toBe("fine");
  expect(second.commands).toHaveLength(1);
});

test("each image has tools of its own", async () => {
  const session = fakeSandbox(withTool((run, id) => answer(run, id, "fine")));
  await using tools = toolsOf({ files: stdio });
  const signal = new AbortController().signal;
  await tools.offer(session, { signal, image: "a" });
  const before = session.opened();
  await tools.offer(session, { signal, image: "b" });

  expect(session.opened()).toBe(before + 1);
});

test("two servers are two processes", async () => {
  const programs = new Set<string>();
  const session = fakeSandbox(async (run) => {
    programs.add(run.options.executionId);
    return { type: "exit", code: 1 };
  });
  await using tools = toolsOf({ a: stdio });
  await using others = toolsOf({ b: stdio });
  await offered(tools, { session });
  await offered(others, { session });

  expect([...programs]).toEqual(["mcp-a", "mcp-b"]);
});

describe("a server that", () => {
  /** Its tool, and a session with it. */
  const started = async (program: (run: Program) => Promise<Outcome | undefined>) => {
    const session = fakeSandbox(program);
    const clock = manualClock();
    const tools = toolsOf({ bad: stdio }, { clock });
    const call = () => callTool(tools, "mcp_bad_do", {}, { session });
    return { session, clock, tools, call };
  };
  /** It does this at its first call, and as it should after that. */
  const once = (
    first: (run: Program, id: unknown) => Promise<Outcome | void>,
  ): ((run: Program) => Promise<Outcome | undefined>) => {
    let calls = 0;
    return withTool(async (run, id) => {
      calls += 1;
      return calls === 1 ? first(run, id) : answer(run, id, "fine");
    });
  };

  test("ends during a call is told with its last words, and started again by the next", async () => {
    const bad = await started(
      once(async (run) => {
        await run.complain("out of cheese\n");
        return { type: "exit", code: 3 };
      }),
    );
    const { status, output } = await bad.call();

    expect(status).toBe("unknown");
    expect(output).toBe(
      'The MCP server "bad" did not do it: it ended: exit code 3; on stderr it said:\nout of cheese. Whether the call took effect is not known.',
    );
    expect((await bad.call()).output).toBe("fine");
    expect(bad.session.commands).toHaveLength(2);
  });

  test("ends between calls is started again", async () => {
    let isUp = true;
    let end = (): void => {};
    const program = withTool((run, id) => answer(run, id, "fine"));
    const bad = await started(async (run) => {
      const ended = new Promise<Outcome>((resolve) => {
        end = () => {
          isUp = false;
          resolve({ type: "signal", signal: "SIGKILL" });
        };
      });
      return Promise.race([program(run), ended]);
    });
    await bad.call();
    end();
    await until(() => !isUp && bad.session.running() === 0);

    expect((await bad.call()).output).toBe("fine");
    expect(bad.session.commands).toHaveLength(2);
  });

  const chunk = "x".repeat(1024 * 1024);
  const note = `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: 1 } })}\n`;
  test.each<[string, (run: Program) => Promise<void>, string]>([
    [
      "sends a line without an end",
      async (run) => {
        while (!run.signal.aborted) await run.print(chunk);
      },
      "it sent a message of more than 16 MiB",
    ],
    [
      "floods",
      async (run) => {
        while (!run.signal.aborted) await run.print(note.repeat(100));
      },
      "it sent more messages than anybody could read",
    ],
    [
      "speaks something else",
      async (run) => {
        while (!run.signal.aborted) await run.print("<html>{}\n");
      },
      "it does not speak the protocol",
    ],
  ])("%s is ended, and started again by the next call", async (_, misbehave, why) => {
    const bad = await started(
      once(async (run) => {
        await misbehave(run);
        return { type: "stopped" };
      }),
    );
    const { status, output } = await bad.call();

    expect(status).toBe("unknown");
    expect(output).toContain(why);
    expect((await bad.call()).output).toBe("fine");
    expect(bad.session.running()).toBe(1);
  });

  test("prints a line or two of something else is understood all the same", async () => {
    const bad = await started(
      withTool(async (run, id) => {
        await run.print("Listening …\n\n{}\n[1\n");
        return answer(run, id, "fine");
      }),
    );

    expect((await bad.call()).output).toBe("fine");
  });

  test("says what comes in pieces is understood", async () => {
    const bad = await started(
      withTool(async (run, id) => {
        const line = `${JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: "grüße" }] } })}\n`;
        const { options } = run;
        for (const byte of Buffer.from(line))
          await options.onOutput?.("stdout", Uint8Array.of(byte));
      }),
    );

    expect((await bad.call()).output).toBe("grüße");
  });

  test("never answers is given up after its time, and its tools are not there", async () => {
    const bad = await started(() => never);
    const offering = offered(bad.tools, { session: bad.session });
    await until(() => bad.session.running() === 1);
    await bad.clock.advance(15_000);
    const { tools, notes } = await offering;

    expect(tools).toEqual([]);
    expect(notes[0]).toContain("it did not answer within 15 s");
    expect(bad.session.running()).toBe(0);
  });

  test("is not in the image has no tools, and says why", async () => {
    const bad = await started(async (run) => {
      await run.complain("sh: serve: not found\n");
      return { type: "exit", code: 127 };
    });
    const { notes } = await offered(bad.tools, { session: bad.session });

    expect(notes[0]).toContain("it ended: exit code 127; on stderr it said:\nsh: serve: not found");
  });

  test("hangs in a call is told when the call is given up, and goes on with others", async () => {
    const said: string[] = [];
    const program = withTool(async (run, id, { params }) => {
      if (params?.arguments !== undefined && JSON.stringify(params.arguments) !== "{}")
        return answer(run, id, "fine");
      said.push("hangs");
    });
    const bad = await started(async (run) =>
      program({
        ...run,
        lines: (async function* () {
          for await (const line of run.lines) {
            if (line.includes("notifications/cancelled")) said.push("cancelled");
            yield line;
          }
        })(),
      }),
    );
    const stop = new AbortController();
    const { tools } = await offered(bad.tools, { session: bad.session });
    const context = { session: bad.session, signal: stop.signal };
    const call = callTool(tools, "mcp_bad_do", {}, context);
    await until(() => said.includes("hangs"));
    stop.abort(new Stopped("timeout"));

    await expect(call).rejects.toThrow("Stopped: timeout");
    await until(() => said.includes("cancelled"));
    const other = callTool(tools, "mcp_bad_do", { quick: 1 }, { session: bad.session });
    expect((await other).output).toBe("fine");
    expect(bad.session.commands).toHaveLength(1);
  });

  test("is in a turn that goes on elsewhere is ended", async () => {
    const bad = await started(withTool((run, id) => answer(run, id, "fine")));
    const turn = new AbortController();
    await offered(bad.tools, { session: bad.session, signal: turn.signal });
    expect(bad.session.running()).toBe(1);
    turn.abort(new Stopped("shutdown"));

    await until(() => bad.session.running() === 0);
  });

  test("has other tools now is asked for them, however often it says so", async () => {
    let lists = 0;
    const session: FakeSandbox = fakeSandbox(async (run) => {
      const program = withTool(async (_, id) => {
        const changed = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
        await run.print(`${JSON.stringify(changed)}\n`.repeat(50));
        await answer(run, id, "fine");
      });
      return program({
        ...run,
        lines: (async function* () {
          for await (const line of run.lines) {
            const { id, method } = JSON.parse(line) as { id?: unknown; method?: string };
            if (method !== "tools/list") {
              yield line;
              continue;
            }
            lists += 1;
            const tool = {
              name: `do${lists === 1 ? "" : "-more"}`,
              inputSchema: { type: "object" },
            };
            const result = { tools: [tool] };
            await run.print(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
          }
        })(),
      });
    });
    await using tools = toolsOf({ bad: stdio });
    await callTool(tools, "mcp_bad_do", {}, { session });
    await until(() => lists > 1);
    const names = async () => (await offered(tools, { session })).tools.map(({ name }) => name);
    while (!(await names()).includes("mcp_bad_do-more"))
      await new Promise((resolve) => setImmediate(resolve));

    expect(lists).toBeLessThan(5);
  });
});

test("what is no text is kept in the workspace, and named", async () => {
  const png = Buffer.from([137, 80, 78, 71]);
  const content = [
    { type: "text", text: "Here:" },
    { type: "image", data: png.toString("base64"), mimeType: "image/png" },
    {
      type: "resource",
      resource: { uri: "file:///a.bin", blob: png.toString("base64"), mimeType: "x/../../y" },
    },
    { type: "resource", resource: { uri: "file:///a.txt", text: "inline" } },
    { type: "resource_link", name: "report", uri: "https://example.com/r", mimeType: "text/html" },
  ];
  const result = { content, structuredContent: { rows: 2 } };
  const session = fakeSandbox(
    withTool((run, id) => run.print(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`)),
  );
  await using tools = toolsOf({ files: stdio });
  const { status, output } = await callTool(tools, "mcp_files_do", {}, { session });

  expect(status).toBe("ok");
  expect(output).toBe(
    [
      "Here:",
      "[image, image/png, 4 bytes: kept in mcp/files/x1-1.png]",
      "[file:///a.bin, x/../../y, 4 bytes: kept in mcp/files/x1-2.bin]",
      "[file:///a.txt]\ninline",
      '[link to "report": https://example.com/r (text/html)]',
      '{"rows":2}',
    ].join("\n"),
  );
  expect([...session.written.keys()]).toEqual(["mcp/files/x1-1.png", "mcp/files/x1-2.bin"]);
  expect(Buffer.from(session.written.get("mcp/files/x1-1.png") ?? [])).toEqual(png);
});

test("what is said twice, as text and as data, is shown once", async () => {
  const result = {
    content: [{ type: "text", text: '{ "rows": 2 }' }],
    structuredContent: { rows: 2 },
  };
  const session = fakeSandbox(
    withTool((run, id) => run.print(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`)),
  );
  await using tools = toolsOf({ files: stdio });

  expect((await callTool(tools, "mcp_files_do", {}, { session })).output).toBe('{ "rows": 2 }');
});

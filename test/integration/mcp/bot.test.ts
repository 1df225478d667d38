import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { createBot } from "../../../src/bot.ts";
import { isOpsthreadError } from "../../../src/core/errors.ts";
import { answering } from "../../agent/harness.ts";
import { demoServer, modernHandler } from "../../agent/mcp/demo-server.ts";
import { webServer } from "../../agent/mcp/web-server.ts";
import { oneThread } from "../one-thread.ts";
import { openVirtual } from "../sandbox/open-virtual.ts";

const thread = { platform: "test", workspace: "w", channel: "c", thread: "mcp" };

test("a bot's model has the tools of its servers, and sees nothing secret of what they give", async () => {
  let sent = "";
  const handler = modernHandler(() =>
    demoServer({ header: () => `${sent}; DB_PASSWORD=hunter2-and-more` }),
  );
  await using web = await webServer((request) => {
    sent = request.headers.get("x-key") ?? "none";
    return handler(request);
  });
  const dataFolder = await mkdtemp(join(tmpdir(), "opsthread-mcp-bot-"));
  await using subject = await openVirtual();
  const { adapter, posts, say, person } = oneThread(thread);
  const model = answering(
    [
      ["mcp_crm_add", { a: 1, b: 2 }],
      ["mcp_crm_header", {}],
    ],
    "It is 3.",
  );
  const { host } = new URL(web.url);
  await using bot = await createBot({
    adapters: [adapter],
    access: { admins: [person] },
    dataFolder,
    model,
    sandboxes: subject.provider,
    network: {
      secrets: [
        { name: "crm", hosts: [`http://${host}`], header: "x-key", value: () => "tr0ub4dor" },
      ],
    },
    mcpServers: { crm: { type: "http", url: web.url, secrets: ["crm"] } },
  });
  expect(web.requests).toEqual([]);
  await bot.start();
  await say("add them");
  await bot.idle();

  expect(posts.map(({ markdown }) => markdown)).toEqual(["It is 3."]);
  expect(model.requests[0]?.tools.map(({ name }) => name)).toContain("mcp_crm_add");
  const results = model.requests[1]?.items.flatMap((item) =>
    item.type === "tool-result" ? [item.result.output] : [],
  );
  expect(results).toContain("3");
  expect(sent).toBe("tr0ub4dor");
  expect(JSON.stringify(results)).not.toContain("tr0ub4dor");
  expect(JSON.stringify(results)).not.toContain("hunter2");
  await bot.stop();
  await rm(dataFolder, { recursive: true });
});

test("a server that is not configured as it should be is refused when the bot is built", async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), "opsthread-mcp-bot-"));
  await using subject = await openVirtual();
  const build = (server: object) =>
    createBot({
      adapters: [],
      access: {},
      dataFolder,
      sandboxes: subject.provider,
      mcpServers: { crm: { type: "http", url: "http://127.0.0.1:9/", ...server } },
    }).catch((error: unknown) => error);

  for (const wrong of [
    { secrets: ["crm"] },
    { headers: { authorization: "x" } },
    { redirect: 1 },
  ]) {
    const error = await build(wrong);
    expect(isOpsthreadError(error, "CONFIG_INVALID")).toBe(true);
  }
  await rm(dataFolder, { recursive: true });
});

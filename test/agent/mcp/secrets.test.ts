import { expect, test } from "vitest";

import type { EgressSecret } from "../../../src/sandbox/egress/secrets.ts";
import { demoServer, modernHandler } from "./demo-server.ts";
import { callTool, offered, toolsOf } from "./tools-of.ts";
import { webServer } from "./web-server.ts";

const value = "tr0ub4dor-secret-value";
const secretAt = (url: string): EgressSecret => ({
  name: "crm",
  hosts: [`http://${new URL(url).host}`],
  header: "authorization",
  prefix: "Bearer ",
  value: () => value,
});

test("a server is sent the secrets that are named, and never shows them", async () => {
  let sent = "";
  const handler = modernHandler(() => demoServer({ header: () => sent }));
  await using web = await webServer((request) => {
    sent = request.headers.get("authorization") ?? "none";
    return handler(request);
  });
  const secrets = [secretAt(web.url)];
  const server = { type: "http", url: web.url } as const;
  await using without = toolsOf({ crm: server }, { secrets });
  await using tools = toolsOf({ crm: { ...server, secrets: ["crm"] } }, { secrets });

  expect((await callTool(without, "mcp_crm_header")).output).toBe("none");
  const { output } = await callTool(tools, "mcp_crm_header");
  expect(sent).toBe(`Bearer ${value}`);
  expect(output).toBe(`Bearer ${"*".repeat(value.length)}`);
});

test("a secret whose value can't be had is told by its name only", async () => {
  await using web = await webServer(() => new Response());
  const secret: EgressSecret = {
    ...secretAt(web.url),
    value: () => Promise.reject(new Error(`vault said ${value}`)),
  };
  const server = { type: "http", url: web.url, secrets: ["crm"] } as const;
  await using tools = toolsOf({ crm: server }, { secrets: [secret] });
  const { notes } = await offered(tools);

  expect(notes[0]).toContain('the value of the secret "crm" can\'t be had');
  expect(notes[0]).not.toContain(value);
  expect(web.requests).toEqual([]);
});

test("a secret of another host is refused before anything is asked", async () => {
  await using web = await webServer(() => new Response());
  const server = { type: "http", url: web.url, secrets: ["crm"] } as const;
  const secrets = [secretAt("http://127.0.0.2:8080/")];

  expect(() => toolsOf({ crm: server }, { secrets })).toThrow(/no secret of that name belongs/);
  expect(() => toolsOf({ crm: server })).toThrow(/no secret of that name belongs/);
});

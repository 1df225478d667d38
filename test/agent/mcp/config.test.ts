import { expect, test } from "vitest";

import { McpServers } from "../../../src/agent/mcp/config.ts";
import { toolName } from "../../../src/agent/mcp/tool-name.ts";

const http = { type: "http", url: "https://mcp.example.com/mcp" };
const accepts = (servers: unknown): boolean => McpServers.safeParse(servers).success;

test("a server has what it needs, and nothing that is not known", () => {
  expect(accepts({ crm: http, "files-2": { type: "stdio", command: ["npx", "x"] } })).toBe(true);
  expect(accepts({ crm: { ...http, redirect: "follow" } })).toBe(false);
  expect(accepts({ crm: { type: "stdio", command: [] } })).toBe(false);
  expect(accepts({ crm: { type: "http", url: "file:///etc/passwd" } })).toBe(false);
});

test.each(["", "CRM", "a_b", "-a", "a".repeat(25)])("a server is not called %j", (name) => {
  expect(accepts({ [name]: http })).toBe(false);
});

test.each(["Authorization", "cookie", "Proxy-Authorization"])(
  "credentials are no header of the configuration: %s",
  (header) => {
    expect(accepts({ crm: { ...http, headers: { [header]: "x" } } })).toBe(false);
    expect(accepts({ crm: { ...http, headers: { team: "ops" } } })).toBe(true);
  },
);

test("names of tools fit what models take, and differ where the tools do", () => {
  const long = "x".repeat(80);
  const names = [
    toolName("a", "b"),
    toolName("a", "b.c"),
    toolName("a", "b c"),
    toolName("a", "b_c"),
    toolName("a-b", "c"),
    toolName("a", long),
    toolName("a", `${long}y`),
    toolName("a", "größe"),
  ];

  expect(names[0]).toBe("mcp_a_b");
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
});

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { expect, test } from "vitest";

/**
 * The layers of `src`, from the bottom up. A folder may import its own files, `core/`, and what this table names: a port
 * file of another folder, or a whole folder (ending in `/`). Drivers are named by nobody but `bot.ts` and `cli/`.
 */
const layers: Readonly<Record<string, readonly string[]>> = {
  core: [],
  observe: [],
  redis: [],
  store: ["redis/"],
  queue: ["redis/"],
  security: [],
  sources: [],
  tasks: [],
  sandbox: ["tasks/task.ts"],
  agent: ["sandbox/sandbox.ts", "sandbox/permissions.ts", "tasks/task.ts", "sources/source.ts"],
  adapters: [],
  sessions: [
    "adapters/adapter.ts",
    "agent/agent.ts",
    "agent/tool.ts",
    "agent/run-agents.ts",
    "agent/beside-checks.ts",
    "agent/approvals.ts",
    "agent/call-rules.ts",
    "agent/loop.ts",
    "agent/budget.ts",
    "agent/guardrail.ts",
    "agent/prices.ts",
    "agent/transcript.ts",
    "queue/queue.ts",
    "sandbox/sandbox.ts",
    "store/store.ts",
    "store/blobs.ts",
  ],
  schedule: ["adapters/adapter.ts", "sessions/accept.ts", "store/store.ts"],
  "bot-options.ts": [
    "open-blobs.ts",
    "open-durable.ts",
    "open-model.ts",
    "open-sandboxes.ts",
    "adapters/adapter.ts",
    "agent/",
    "observe/open-tracing.ts",
    "queue/queue.ts",
    "sandbox/",
    "schedule/",
    "security/",
    "sessions/",
    "sources/",
    "store/",
    "tasks/task.ts",
  ],
  "bot.ts": [
    "bot-options.ts",
    "open-blobs.ts",
    "open-durable.ts",
    "open-mcp.ts",
    "open-agents.ts",
    "open-model.ts",
    "open-sandboxes.ts",
    "adapters/adapter.ts",
    "agent/",
    "observe/",
    "queue/",
    "sandbox/",
    "schedule/",
    "security/",
    "sessions/",
    "sources/",
    "store/",
    "tasks/",
  ],
  "open-blobs.ts": ["store/"],
  "open-durable.ts": [
    "queue/",
    "redis/",
    "sessions/control.ts",
    "sessions/turnstile.ts",
    "sessions/warmth.ts",
    "store/",
  ],
  "open-mcp.ts": ["agent/mcp/", "sandbox/egress/"],
  "open-agents.ts": ["agent/"],
  "open-model.ts": ["agent/", "tasks/task.ts"],
  "open-sandboxes.ts": ["sandbox/"],
  "create-bot.ts": ["bot.ts"],
  "secret-ref.ts": [],
  "config.ts": [
    "agent/",
    "open-durable.ts",
    "open-sandboxes.ts",
    "redis/",
    "sandbox/permissions.ts",
    "schedule/",
    "secret-ref.ts",
    "security/",
    "store/s3/options.ts",
  ],
  "index.ts": [
    "adapters/adapter.ts",
    "agent/",
    "bot.ts",
    "config.ts",
    "create-bot.ts",
    "observe/open-tracing.ts",
    "open-blobs.ts",
    "open-durable.ts",
    "open-model.ts",
    "queue/queue.ts",
    "redis/config.ts",
    "sandbox/",
    "security/",
    "sessions/",
    "sources/",
    "store/",
    "tasks/task.ts",
  ],
  "models.ts": ["agent/", "open-model.ts"],
  "schemas.ts": ["agent/", "observe/", "sandbox/permissions.ts", "security/"],
  cli: [
    "adapters/",
    "agent/",
    "bot-options.ts",
    "bot.ts",
    "config.ts",
    "open-blobs.ts",
    "open-durable.ts",
    "open-model.ts",
    "open-sandboxes.ts",
    "observe/",
    "redis/",
    "sandbox/",
    "schedule/",
    "secret-ref.ts",
    "security/",
    "sources/",
    "store/",
    "tasks/",
  ],
  testing: ["adapters/", "agent/", "bot.ts", "queue/", "sandbox/", "sessions/", "store/", "tasks/"],
};

/** Where each third-party package may be imported. A package that is not here may be imported nowhere. */
const vendors: Readonly<Record<string, readonly string[]>> = {
  "@anthropic-ai/sdk": ["agent/models/anthropic/"],
  "@aws-sdk/client-s3": ["store/s3/"],
  "@opentelemetry/api": ["observe/"],
  "@modelcontextprotocol/client": ["agent/mcp/"],
  "@photostructure/sqlite": ["store/sqlite/"],
  "@slack/bolt": ["adapters/slack/"],
  "@standard-schema/spec": ["agent/tool.ts"],
  bullmq: ["queue/bullmq/"],
  commander: ["cli/"],
  croner: ["queue/", "schedule/"],
  diff: ["tasks/diff/"],
  "discord.js": ["adapters/discord/"],
  dockerode: ["sandbox/docker/"],
  dotenv: ["tasks/diff/"],
  "es-module-lexer": ["sandbox/task-host/"],
  ioredis: ["redis/"],
  jiti: ["cli/start/"],
  "just-bash": ["sandbox/virtual/"],
  marked: ["adapters/text/"],
  openai: ["agent/models/openai/"],
  "p-queue": ["queue/", "sandbox/docker/"],
  pino: ["observe/"],
  "smol-toml": ["tasks/diff/"],
  "tar-stream": ["sandbox/", "testing/"],
  tinyglobby: ["sources/", "sandbox/"],
  unbash: ["agent/commands/"],
  yaml: ["tasks/diff/"],
  zod: [
    "core/",
    "agent/",
    "observe/",
    "redis/",
    "sandbox/",
    "schedule/",
    "security/",
    "store/",
    "tasks/",
    "adapters/console/",
    "adapters/discord/",
    "adapters/slack/",
    "testing/",
    "bot-options.ts",
    "config.ts",
    "open-blobs.ts",
    "open-durable.ts",
    "open-sandboxes.ts",
    "secret-ref.ts",
    "cli/",
  ],
};

/** Packages that only loading a driver may load. */
const heavy = [
  "@anthropic-ai/sdk",
  "@aws-sdk/client-s3",
  "@modelcontextprotocol/client",
  "@photostructure/sqlite",
  "@slack/bolt",
  "bullmq",
  "discord.js",
  "dockerode",
  "ioredis",
  "just-bash",
  "openai",
  "pino",
  "commander",
];

/** SDKs of vendors that only the first call loads: their types may be imported, the rest is lazy. */
const sdks = ["@anthropic-ai/sdk", "@aws-sdk/client-s3", "@slack/bolt", "discord.js", "openai"];

const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts"));

const layerOf = (path: string): string => path.split("/")[0] ?? "";

const within = (path: string, allowed: readonly string[]): boolean =>
  allowed.some((place) => (place.endsWith("/") ? path.startsWith(place) : path === place));

function importsOf(
  file: string,
): { readonly specifier: string; readonly lazy: boolean; readonly types: boolean }[] {
  const source = readFileSync(join("src", file), "utf8").replaceAll(/^\s*(\*|\/\/).*$/gm, "");
  const pattern =
    /(?:^\s*(?:import|export)\b(\s+type\b(?!\s*,))?[^;"]*?\bfrom\s+|^\s*import\s+|\bimport\s*(\()\s*)"([^"]+)"/gm;
  return Array.from(source.matchAll(pattern), ([, types, lazy, specifier = ""]) => ({
    specifier,
    lazy: lazy === "(",
    // Only for the compiler: nothing is loaded.
    types: types !== undefined,
  }));
}

function mayImport(file: string, specifier: string): boolean {
  if (specifier.startsWith("node:")) return true;
  if (!specifier.startsWith(".")) {
    const name = specifier
      .split("/")
      .slice(0, specifier.startsWith("@") ? 2 : 1)
      .join("/");
    return within(file, vendors[name] ?? []);
  }
  const target = relative("src", join("src", dirname(file), specifier)).replaceAll("\\", "/");
  const layer = layerOf(file);
  if (layerOf(target) === layer || layerOf(target) === "core") return true;
  return within(target, layers[layer] ?? []);
}

test.each(files)("%s imports only what its layer may", (file) => {
  const refused = importsOf(file).filter(({ specifier }) => !mayImport(file, specifier));
  expect(refused).toEqual([]);
});

test.each(sdks)("%s is loaded by the first call", (sdk) => {
  const imports = files.flatMap((file) =>
    importsOf(file).filter(({ specifier }) => specifier === sdk || specifier.startsWith(`${sdk}/`)),
  );
  expect(imports.some(({ lazy }) => lazy)).toBe(true);
  expect(imports.filter(({ lazy, types }) => !lazy && !types)).toEqual([]);
});

test("every folder of src is a layer of the table", () => {
  expect([...new Set(files.map(layerOf))].toSorted()).toEqual(Object.keys(layers).toSorted());
});

/** What importing a file of `src` loads besides it: our own files, and packages. */
function loadedBy(entry: string): { readonly files: Set<string>; readonly packages: Set<string> } {
  const loaded = { files: new Set<string>(), packages: new Set<string>() };
  const visit = (file: string): void => {
    if (loaded.files.has(file)) return;
    loaded.files.add(file);
    for (const { specifier, lazy, types } of importsOf(file)) {
      if (lazy || types || specifier.startsWith("node:")) continue;
      if (specifier.startsWith(".")) visit(relative("src", join("src", dirname(file), specifier)));
      else loaded.packages.add(specifier);
    }
  };
  visit(entry);
  return loaded;
}

test("importing the package loads no dependency, and little of our own", () => {
  const { files: own, packages } = loadedBy("index.ts");
  expect([...packages]).toEqual([]);
  expect(own.size).toBeGreaterThan(15);
  expect(own.size).toBeLessThan(60);
});

test("a bot is assembled without any driver's dependency", () => {
  const { files: own, packages } = loadedBy("bot.ts");
  expect(own.size).toBeGreaterThan(100);
  expect(heavy.filter((name) => packages.has(name))).toEqual([]);
});

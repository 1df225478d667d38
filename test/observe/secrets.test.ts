import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { expect, test } from "vitest";

import { modelError } from "../../src/agent/models/model-error.ts";
import { sessionIdOf } from "../../src/core/ids.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { openTracing } from "../../src/observe/open-tracing.ts";
import { createRedactor } from "../../src/security/redact.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { type Answer, answering, tool } from "../agent/harness.ts";
import { messageTo, World } from "../sessions/world.ts";

const secret = "kirschkuchen-mit-sahne";
const token = `ghp_${"a1B2".repeat(9)}`;
const thread = { platform: "test", workspace: "w", channel: "c", thread: "t" };

/** Secrets everywhere that a span could take one from. */
const answers: readonly Answer[] = [
  [
    ["look", { password: secret, note: `token ${token}` }],
    [`invented-${token}`, {}],
    ["fail", {}],
  ],
  modelError("openai/gpt", `401 for key ${secret} ${token}`, { failure: "auth" }),
];

test.each([{ content: false }, { content: true }])(
  "a secret is in no file and no attribute, $content",
  async ({ content }) => {
    const folder = mkdtempSync(join(tmpdir(), "opsthread-secrets-"));
    const clock = manualClock();
    const exporter = new InMemorySpanExporter();
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
    );
    try {
      const redactor = createRedactor({ literals: [secret] });
      const redact = (text: string): string => redactor.text(text);
      const tracing = openTracing(
        { content },
        { dataFolder: folder, redact, clock, log: silentLogger },
      );
      const store = await sqliteStore({ folder, clock });
      const look = tool("look", async () => `DB_PASSWORD=${secret} ${token}`);
      const fail = tool("fail", async () => {
        throw new Error(`refused ${secret} ${token}`);
      });
      const model = { ...answering(...answers), name: `openai/gpt-${token}` };
      const world = new World({
        store,
        clock,
        engine: { tracer: tracing.tracer, model, tools: [look, fail], redactor },
      });
      await world.deliver(messageTo(thread, `m-${token}`, `my password: ${secret}, ${token}`));
      await world.settle();
      await world[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await tracing[Symbol.asyncDispose]();

      const traces = join(folder, "traces");
      const files = readdirSync(traces)
        .map((name) => readFileSync(join(traces, name), "utf8"))
        .join("");
      const exported = JSON.stringify(
        exporter
          .getFinishedSpans()
          .map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
      );
      for (const told of [files, exported]) {
        expect(told).toContain(sessionIdOf(thread));
        expect(told).toContain("MODEL_FAILED");
        expect(told).not.toContain(secret);
        expect(told).not.toContain(token);
        // What is kept of what was said is what is left of it.
        expect(told.includes("my password")).toBe(content);
        expect(told.includes("DB_PASSWORD=[redacted")).toBe(content);
      }
    } finally {
      trace.disable();
      rmSync(folder, { recursive: true });
    }
  },
);

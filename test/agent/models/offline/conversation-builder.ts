import { z } from "zod";

import type {
  Item,
  Model,
  ModelEvent,
  ModelRequest,
  ToolSpec,
} from "../../../../src/agent/model.ts";
import { offlineModel } from "../../../../src/agent/models/offline.ts";
import { formatTaskOutput } from "../../../../src/agent/tools/task-output.ts";
import type { ModelResponse } from "../../../../src/core/journal.ts";
import type { ToolResult } from "../../../../src/core/tool-result.ts";
import { defineTask, type Task } from "../../../../src/tasks/task.ts";

export const tasks: readonly Task[] = ["logs", "diff", "deploys"].map((name) =>
  defineTask({
    name,
    title: `The ${name}`,
    description: "",
    input: z.unknown(),
    module: "file:///nowhere.js",
    run: async () => ({ summary: "", data: {}, artifacts: [] }),
  }),
);

export const tools: readonly ToolSpec[] = [
  "run_task",
  "shell",
  "read_file",
  "list_files",
  "attach_file",
].map((name) => ({ name, description: "", parameters: {} }));

/** A conversation that grows as the loop would grow it. */
export function conversation(options: Partial<ModelRequest> = {}) {
  const items: Item[] = [];
  const model = offlineModel({ tasks });
  return {
    items,
    says(text: string, files: readonly string[] = []) {
      items.push({ type: "user", actor: "Ada", text, files });
    },
    note(text: string) {
      items.push({ type: "note", text });
    },
    /** One step of the model; its answer becomes part of the conversation. */
    async step(overrides: Partial<ModelRequest> = {}): Promise<ModelResponse> {
      const keys = { sessionKey: "", stepKey: "" };
      const request = {
        instructions: "",
        items,
        tools,
        toolChoice: "auto",
        ...keys,
        ...options,
      } as const;
      const response = await completed(model, { ...request, ...overrides });
      items.push({ type: "assistant", response });
      return response;
    },
    /** The results of the last step's calls, in their order. */
    results(...results: readonly Partial<ToolResult>[]) {
      const last = items.findLast((item) => item.type === "assistant");
      const calls = last?.type === "assistant" ? last.response.toolCalls : [];
      for (const [index, call] of calls.entries()) {
        const result = { ...ok(""), ...results[index] };
        items.push({ type: "tool-result", call, result });
      }
    },
  };
}

export async function completed(model: Model, request: ModelRequest): Promise<ModelResponse> {
  const events: ModelEvent[] = [];
  const { signal } = new AbortController();
  for await (const event of model.respond(request, { signal })) events.push(event);
  const last = events.pop();
  if (last?.type !== "completed") throw new Error("The last event is not the answer");
  const streamed = events.map((event) => (event.type === "text-delta" ? event.text : "?")).join("");
  if (streamed !== last.response.text) throw new Error("The deltas are not the text");
  return last.response;
}

/** The calls of a response, with their arguments parsed. */
export function callsOf(response: ModelResponse): readonly unknown[] {
  return response.toolCalls.map(({ tool, args }) => ({ tool, ...JSON.parse(args) }));
}

export function ok(output: string): ToolResult {
  return { status: "ok", output, measures: {}, artifacts: [] };
}

export function taskResult(task: string, summary: string, data: unknown = {}): ToolResult {
  return ok(formatTaskOutput({ task, summary, data }));
}

export const diffData = {
  pairs: [
    {
      before: "attachments/deploy-v1.yaml",
      after: "attachments/deploy-v2.yaml",
      cut: 0,
      changes: [
        {
          path: "spec.replicas",
          before: "2",
          after: "5",
          afterLine: 7,
          masked: false,
          risk: false,
        },
        {
          document: "Deployment/web",
          path: "spec.containers[web].resources.limits.memory",
          before: "1Gi",
          after: "512Mi",
          note: "halved",
          masked: false,
          risk: true,
        },
        { path: "spec.sidecar", after: "{image: proxy:1, port: 80}", masked: false, risk: false },
        { path: "data.password", note: "secret changed", masked: true, risk: true },
      ],
    },
  ],
};

import type {
  Item,
  Model,
  ModelEvent,
  ModelRequest,
  ToolSpec,
} from "../../../../src/agent/model.ts";
import {
  anthropicModel,
  type AnthropicOptions,
} from "../../../../src/agent/models/anthropic/anthropic.ts";
import { isOpsthreadError } from "../../../../src/core/errors.ts";
import type { ModelResponse } from "../../../../src/core/journal.ts";
import type { ToolResult } from "../../../../src/core/tool-result.ts";
import {
  anthropicTwin,
  type AnthropicTwinOptions,
} from "../../../../src/testing/twins/anthropic-twin.ts";
import type { AnthropicScript } from "../../../../src/testing/twins/anthropic/answers.ts";

export const name = "claude-sonnet-5-5";

/** The driver on the twin. */
export async function start(
  script: AnthropicScript,
  options: Partial<AnthropicOptions> & { readonly twin?: Partial<AnthropicTwinOptions> } = {},
) {
  const { twin: more, ...rest } = options;
  const twin = await anthropicTwin({ script, ...more });
  const model = anthropicModel({ model: name, apiKey: "secret", baseUrl: twin.url, ...rest });
  return {
    twin,
    model,
    ask: async (request: Partial<ModelRequest> = {}, signal?: AbortSignal) =>
      ask(model, request, signal),
    failure: async (request: Partial<ModelRequest> = {}) => failure(model, request),
    /** The body of a request, by number. */
    body: (index = -1) => twin.requests.at(index)?.body as Body,
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

/** Not a count of its tokens. */
export const isCreate = ({ path }: { readonly path: string }): boolean => path === "/v1/messages";

export interface Body {
  readonly messages: readonly {
    readonly role: string;
    readonly content: readonly Readonly<Record<string, unknown>>[];
  }[];
  readonly tools?: readonly Readonly<Record<string, unknown>>[];
  readonly system?: readonly Readonly<Record<string, unknown>>[];
  readonly [field: string]: unknown;
}

export const user = (text: string, files: readonly string[] = []): Item => ({
  type: "user",
  actor: "Ada",
  text,
  files,
});

export const said = (response: ModelResponse): Item => ({ type: "assistant", response });

export const result = (
  call: ModelResponse["toolCalls"][number] | undefined,
  output: string,
  status: ToolResult["status"] = "ok",
): Item => {
  if (call === undefined) throw new Error("There is no such call");
  return { type: "tool-result", call, result: { status, output, measures: {}, artifacts: [] } };
};

export const shell: ToolSpec = {
  name: "shell",
  native: "shell",
  description: "Runs a command.",
  parameters: {
    type: "object",
    properties: { command: { type: "string" } },
    required: ["command"],
  },
};
export const editor: ToolSpec = {
  name: "edit_file",
  native: "text_editor",
  description: "Edits a file.",
  parameters: { type: "object" },
};
export const patch: ToolSpec = {
  name: "patch",
  native: "apply_patch",
  description: "Patches a file.",
  parameters: { type: "object" },
};
export const count: ToolSpec = {
  name: "count",
  description: "Counts lines.",
  parameters: {
    type: "object",
    properties: { file: { type: "string" } },
    required: ["file"],
    additionalProperties: false,
  },
};

const { signal: never } = new AbortController();

async function ask(model: Model, request: Partial<ModelRequest>, signal = never) {
  const events: ModelEvent[] = [];
  for await (const event of model.respond(
    {
      instructions: "Help.",
      items: [user("Is the disk full?")],
      tools: [shell],
      toolChoice: "auto",
      sessionKey: "k",
      stepKey: "s",
      ...request,
    },
    { signal },
  ))
    events.push(event);
  const last = events.at(-1);
  if (last?.type !== "completed") throw new Error("Not completed");
  const streamed = events.flatMap((event) => (event.type === "text-delta" ? [event.text] : []));
  return { ...last.response, streamed: streamed.join("") };
}

async function failure(model: Model, request: Partial<ModelRequest>) {
  try {
    await ask(model, request);
  } catch (error) {
    if (!isOpsthreadError(error, "MODEL_FAILED")) throw error;
    return { message: error.message, ...error.data };
  }
  throw new Error("It answered");
}

import OpenAI, { APIError } from "openai";
import type { Response, ResponseCreateParamsBase } from "openai/resources/responses/responses";

import {
  type OpenaiTwin,
  openaiTwin,
  type OpenaiTwinOptions,
} from "../../src/testing/twins/openai-twin.ts";
import type { OpenaiScript } from "../../src/testing/twins/openai/script.ts";

export const model = "gpt-5.6-luna";

export const functionTool = {
  type: "function",
  name: "ping",
  parameters: { type: "object", properties: {}, required: [], additionalProperties: false },
  strict: true,
} as const;

interface Opened extends AsyncDisposable {
  readonly twin: OpenaiTwin;
  readonly client: OpenAI;
  /** A response of the one model; any body, also a wrong one. */
  create(body: Record<string, unknown>): Promise<Response>;
}

/** The twin, and the real client on it. */
export async function open(
  script: OpenaiScript = [],
  options: Omit<OpenaiTwinOptions, "script"> = {},
): Promise<Opened> {
  const twin = await openaiTwin({ script, ...options });
  const client = new OpenAI({ baseURL: `${twin.url}/v1`, apiKey: twin.apiKey, maxRetries: 0 });
  return {
    twin,
    client,
    create: async (body) =>
      (await client.responses.create({ model, ...body } as ResponseCreateParamsBase)) as Response,
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

interface Refusal {
  readonly status: number | undefined;
  readonly code: string | null | undefined;
  readonly param: string | null | undefined;
  readonly message: string;
}

/** What the API said instead of a response. */
export async function refusal(asked: Promise<unknown>): Promise<Refusal> {
  try {
    await asked;
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    const { status, code, param, message } = error;
    return { status: status as number | undefined, code, param, message };
  }
  throw new Error("Cannot refuse: the request was accepted, expected an error");
}

/** All that a stream or a list has. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

import type OpenAI from "openai";

import { OpsthreadError } from "../../../core/errors.ts";

/** The few calls of the API that the driver makes. What comes back is not checked yet. */
export interface ResponsesClient {
  /** `POST /responses`, streamed. https://platform.openai.com/docs/api-reference/responses/create */
  create(body: object, signal: AbortSignal): Promise<AsyncIterable<unknown>>;
  /** https://platform.openai.com/docs/api-reference/responses/input-tokens */
  countInput(body: object, signal: AbortSignal): Promise<unknown>;
  /** `GET /responses/{id}`, streamed from after this event. Only what was created with `background` and `stream`. */
  follow(
    id: string,
    startingAfter: number | undefined,
    signal: AbortSignal,
  ): Promise<AsyncIterable<unknown>>;
  /** https://platform.openai.com/docs/api-reference/responses/get */
  retrieve(id: string, signal: AbortSignal): Promise<unknown>;
  /** Only for background responses. https://platform.openai.com/docs/api-reference/responses/cancel */
  cancel(id: string, signal: AbortSignal): Promise<void>;
}

/**
 * The vendor's client, loaded when it is first called. Its retries are off: it is the harness that tries again, where
 * the wait is on record. Its typed methods are not used, since what the driver sends back are items as the API gave
 * them, and its helper `responses.stream()` throws at events that it does not know.
 */
export function responsesClient(options: {
  readonly apiKey: string;
  readonly baseUrl: string;
}): ResponsesClient {
  let opened: Promise<OpenAI> | undefined;
  const open = (): Promise<OpenAI> => (opened ??= load(options));
  const path = (id: string): string => `/responses/${encodeURIComponent(id)}`;
  return {
    async create(body, signal) {
      const client = await open();
      return client.post<AsyncIterable<unknown>>("/responses", { body, signal, stream: true });
    },
    async countInput(body, signal) {
      const client = await open();
      return client.post<unknown>("/responses/input_tokens", { body, signal });
    },
    async follow(id, startingAfter, signal) {
      const client = await open();
      const after = startingAfter === undefined ? {} : { starting_after: startingAfter };
      const query = { stream: true, ...after };
      return client.get<AsyncIterable<unknown>>(path(id), { query, signal, stream: true });
    },
    async retrieve(id, signal) {
      const client = await open();
      return client.get<unknown>(path(id), { signal });
    },
    async cancel(id, signal) {
      const client = await open();
      await client.post<unknown>(`${path(id)}/cancel`, { signal });
    },
  };
}

async function load({
  apiKey,
  baseUrl,
}: {
  readonly apiKey: string;
  readonly baseUrl: string;
}): Promise<OpenAI> {
  const { OpenAI: Client } = await import("openai").catch((cause: unknown) => {
    throw new OpsthreadError(
      "CONFIG_INVALID",
      'Cannot use a model of OpenAI: the package "openai" can\'t be loaded, expected it to be installed',
      { cause },
    );
  });
  // Given so that none of them is read from the environment.
  const own = { organization: null, project: null, webhookSecret: null, adminAPIKey: null };
  return new Client({ apiKey, baseURL: baseUrl, maxRetries: 0, logLevel: "off", ...own });
}

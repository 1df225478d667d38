import { OpsthreadError } from "../../../core/errors.ts";

export interface CompatibleOptions {
  /** Up to and with its version, as `http://127.0.0.1:11434/v1`; `/v1` is added where there is no path at all. */
  readonly baseUrl: string;
  readonly model: string;
  /** Sent as a bearer token. */
  readonly apiKey?: string;
  /**
   * Input and output together; {@link probeCompatible} finds it out where the server tells. Default 8,192. With Ollama it
   * must be what `num_ctx` (`OLLAMA_CONTEXT_LENGTH`) says, and not more: Ollama cuts a longer prompt in the middle without a
   * word, which nobody can see from outside. https://docs.ollama.com/context-length
   */
  readonly contextTokens?: number;
  /** Of one answer. Default: as the server has it. */
  readonly maxOutputTokens?: number;
  /** More fields of the request's body, such as `temperature`, `reasoning_effort`, `chat_template_kwargs`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Where and as whom to ask. */
export interface Server {
  /** Without a slash at the end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws {OpsthreadError} `CONFIG_INVALID` */
export function serverOf({
  baseUrl,
  apiKey,
}: Pick<CompatibleOptions, "baseUrl" | "apiKey">): Server {
  const base = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol))
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use baseUrl: it is "${baseUrl}", expected an address like http://127.0.0.1:11434/v1`,
    );
  if (base.pathname === "/") base.pathname = "/v1";
  return {
    url: base.href.replace(/\/+$/, ""),
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
  };
}

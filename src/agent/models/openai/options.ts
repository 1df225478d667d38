/** What {@link openaiModel} is made with. */
export interface OpenaiModelOptions {
  /** As the API has it: `gpt-5.6-luna`. */
  readonly model: string;
  readonly apiKey: string;
  /** Default `https://api.openai.com/v1`. */
  readonly baseUrl?: string;
  /** Default: what is known of the model, else 128,000. */
  readonly contextTokens?: number;
  /** Offers the vendor's own `shell` and `apply_patch` in the place of functions. Default: from `gpt-5` on. */
  readonly native?: boolean;
  /**
   * - `server`: the API keeps the conversation, and is sent what is new (default);
   * - `none`: the API keeps nothing and is sent the whole each time, for organisations without data retention.
   */
  readonly state?: "server" | "none";
  /**
   * Whether the API works on even if nobody listens, so that an answer survives this process. Needs the state `server`.
   * Default `auto`: with a reasoning effort of `high` or more, where answers take minutes.
   */
  readonly background?: boolean | "auto";
  /** https://platform.openai.com/docs/guides/reasoning */
  readonly reasoning?: {
    readonly effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";
    readonly summary?: "auto" | "concise" | "detailed";
  };
  readonly maxOutputTokens?: number;
  /**
   * The API makes the conversation shorter itself when it has more tokens than this; `auto` is 60 % of the window, before the
   * harness would. Only with the state `server`. Default: it is left to the harness.
   * https://platform.openai.com/docs/guides/conversation-state#compaction-advanced
   */
  readonly compactAtTokens?: number | "auto";
  /** Fields of the request that the driver has no option for: `{ service_tier: "flex" }`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface ModelLimits {
  readonly contextTokens: number;
  /** Undefined: not known. */
  readonly maxOutputTokens?: number;
  /** Whether it takes tools with `strict`. */
  readonly strict: boolean;
  /** Whether it can be told how much to think. https://platform.claude.com/docs/en/build-with-claude/effort */
  readonly effort?: boolean;
}

/** What is known of a model by its name, dated or not. https://platform.claude.com/docs/en/about-claude/models/overview */
export function limitsOf(model: string): ModelLimits {
  const found = known.find(({ pattern }) => pattern.test(model));
  return found?.limits ?? { contextTokens: 200_000, strict: false };
}

const known: readonly { readonly pattern: RegExp; readonly limits: ModelLimits }[] = [
  {
    pattern: /^claude-(fable|mythos|opus|sonnet)-5/,
    limits: { contextTokens: 1_000_000, maxOutputTokens: 128_000, strict: true, effort: true },
  },
  {
    pattern: /^claude-haiku-5/,
    limits: { contextTokens: 200_000, maxOutputTokens: 64_000, strict: true },
  },
  {
    pattern: /^claude-(opus-4-[678]|sonnet-4-6)/,
    limits: { contextTokens: 200_000, maxOutputTokens: 128_000, strict: true, effort: true },
  },
  {
    pattern: /^claude-(opus|sonnet|haiku)-4-5/,
    limits: { contextTokens: 200_000, maxOutputTokens: 64_000, strict: true },
  },
  {
    pattern: /^claude-sonnet-4/,
    limits: { contextTokens: 200_000, maxOutputTokens: 64_000, strict: false },
  },
  {
    pattern: /^claude-opus-4/,
    limits: { contextTokens: 200_000, maxOutputTokens: 32_000, strict: false },
  },
];

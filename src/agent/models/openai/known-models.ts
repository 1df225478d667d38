/** What the driver has to know of a model before it calls it. */
export interface KnownModel {
  readonly contextTokens: number;
  /** It reasons, so its reasoning can be asked for in sealed form. Other models refuse the request then. */
  readonly reasons: boolean;
  /** It has `shell` and `apply_patch` itself. */
  readonly native: boolean;
}

const known: readonly (readonly [name: RegExp, model: KnownModel])[] = [
  [/^gpt-5(?:\.\d+)?-chat/, { contextTokens: 128_000, reasons: false, native: false }],
  [/^gpt-(?:[5-9]|\d\d)(?![\d])/, { contextTokens: 400_000, reasons: true, native: true }],
  [/^gpt-4\.1/, { contextTokens: 1_047_576, reasons: false, native: false }],
  [/^o\d/, { contextTokens: 200_000, reasons: true, native: false }],
];

/** By name, as https://platform.openai.com/docs/models has them. A name that is not known gets what all can do. */
export function knownModel(name: string): KnownModel {
  const found = known.find(([pattern]) => pattern.test(name));
  return found?.[1] ?? { contextTokens: 128_000, reasons: false, native: false };
}

/** Models of one family read each other's items: `gpt-5` of `gpt-5.6-luna`, `o3` of `o3-pro-2025-06-10`. */
export function familyOf(name: string): string {
  return /^(?:gpt-\d+|o\d+)/.exec(name)?.[0] ?? name;
}

import { type ConfigFormat, sniffFormats } from "./format.ts";
import { parseJson } from "./parse-json.ts";
import { parseEnv, parseIni, parseToml } from "./parse-plain.ts";
import { parseYaml } from "./parse-yaml.ts";
import { type Tree, Unparsable } from "./tree.ts";

/** What a file says, or why only its text can be compared. */
export type ParsedConfig =
  | {
      readonly type: "parsed";
      readonly format: ConfigFormat;
      readonly documents: readonly Tree[];
      readonly notes: readonly string[];
    }
  | { readonly type: "text"; readonly reason?: string; readonly line?: number };

/** Characters above which a file is compared as text only. */
export const longestParsed = 12_000_000;

/** Reads a file as `format`, or as what its name and content look like. Never throws for what the file says. */
export function parseConfig(
  text: string,
  { name, format }: { readonly name: string; readonly format: ConfigFormat | "auto" | "text" },
): ParsedConfig {
  if (format === "text") return { type: "text" };
  const candidates = format === "auto" ? sniffFormats(name, text) : [format];
  if (text.length > longestParsed && candidates.length > 0)
    return { type: "text", reason: "it is larger than 12 MB" };
  let refused: ParsedConfig = { type: "text" };
  for (const candidate of candidates) {
    const parsed = attempt(text, candidate);
    if (parsed.type === "parsed") return parsed;
    // The first candidate is the likeliest, so its reason is the one to tell.
    if (refused.type === "text" && refused.reason === undefined) refused = parsed;
  }
  return refused;
}

function attempt(text: string, format: ConfigFormat): ParsedConfig {
  try {
    return { type: "parsed", format, ...parsers[format](text) };
  } catch (error) {
    if (!(error instanceof Unparsable)) throw error;
    return {
      type: "text",
      reason: error.message,
      ...(error.line === undefined ? {} : { line: error.line }),
    };
  }
}

type Parser = (text: string) => {
  readonly documents: readonly Tree[];
  readonly notes: readonly string[];
};

const parsers: Readonly<Record<ConfigFormat, Parser>> = {
  yaml: parseYaml,
  json: parseJson,
  toml: parseToml,
  ini: parseIni,
  env: parseEnv,
};

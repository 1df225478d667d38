import { parse } from "es-module-lexer/minimal/js";

/** What a module names of others. */
export interface Reference {
  /** - `asset`: a file beside the module, by `new URL("…", import.meta.url)`: a worker's program, or data. */
  readonly kind: "import" | "require" | "asset";
  readonly specifier: string;
  /** Loaded only when the code gets there. */
  readonly lazy: boolean;
}

/**
 * The literal references in a JavaScript source, in any module system. It may name more than there is, such as what
 * stands in a comment, but nothing less. A source that can't be read names nothing: Node itself tells what is wrong.
 */
export function referencesOf(source: string): readonly Reference[] {
  return [
    ...importsOf(source),
    ...Array.from(source.matchAll(requires), ([, , specifier = ""]) => ({
      kind: "require" as const,
      specifier,
      lazy: false,
    })),
    ...Array.from(source.matchAll(assets), ([, , specifier = ""]) => ({
      kind: "asset" as const,
      specifier,
      lazy: true,
    })),
  ];
}

const requires = /\brequire(?:\.resolve)?\s*\(\s*(["'`])([^"'`\n$]+)\1/g;
const assets = /\bnew\s+URL\s*\(\s*(["'`])(\.[^"'`\n$]+)\1\s*,\s*import\.meta\.url/g;

function importsOf(source: string): readonly Reference[] {
  try {
    const [imports] = parse(source);
    return imports.flatMap(({ n: specifier, d }) =>
      specifier === undefined ? [] : [{ kind: "import" as const, specifier, lazy: d >= 0 }],
    );
  } catch {
    return []; // A syntax error.
  }
}

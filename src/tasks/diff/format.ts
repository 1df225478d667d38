/** The formats that are compared by what they say rather than by their lines. */
export type ConfigFormat = "yaml" | "json" | "toml" | "ini" | "env";

/**
 * The formats that a file may have, the likeliest first: by its name, else by what its lines look like.
 * None for what is best compared as text.
 */
export function sniffFormats(path: string, text: string): readonly ConfigFormat[] {
  const name = (path.split("/").at(-1) ?? path).toLowerCase();
  const named = byName.find(({ pattern }) => pattern.test(name));
  return named === undefined ? byContent(text.slice(0, 65_536)) : named.formats;
}

const byName: readonly { readonly pattern: RegExp; readonly formats: readonly ConfigFormat[] }[] = [
  { pattern: /\.ya?ml(?:\.\w+)?$/, formats: ["yaml"] },
  {
    pattern: /\.(?:json|jsonc|json5|tfstate|tfvars\.json|ndjson|jsonl|webmanifest)$/,
    formats: ["json"],
  },
  { pattern: /\.toml$|^(?:pipfile|cargo\.lock|poetry\.lock|uv\.lock)$/, formats: ["toml"] },
  { pattern: /^\.env(?:\..*)?$|\.env(?:\.\w+)?$|^\.flaskenv$/, formats: ["env"] },
  {
    pattern:
      /\.(?:ini|cfg|properties|service|socket|timer|mount|target|network|netdev|link|desktop|gitconfig)$|^\.?(?:editorconfig|npmrc|gitconfig|pylintrc|flake8|coveragerc|pypirc)$|^my\.cnf$/,
    formats: ["ini"],
  },
  {
    pattern:
      /\.(?:tf|tfvars|hcl|xml|sh|py|js|ts|go|rb|md|txt|log|sql|html|css|csv|patch|diff)$|^(?:dockerfile|makefile|jenkinsfile|vagrantfile)/,
    formats: [],
  },
];

function byContent(text: string): readonly ConfigFormat[] {
  const trimmed = text.trimStart();
  if (/^[{[]\s*(?:["{}[\]/\d-]|true|false|null)/.test(trimmed))
    return ["json", "toml", "ini", "yaml"];
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(?:[#;]|\/\/|$)/.test(line));
  const share = (pattern: RegExp): number =>
    lines.length === 0 ? 0 : lines.filter((line) => pattern.test(line)).length / lines.length;
  if (share(/^\s*(?:export\s+)?[A-Z_][A-Z0-9_]*=/) > 0.9) return ["env"];
  if (
    /^[ \t]*\[{1,2}[^\]\n]{1,200}\]{1,2}[ \t\r]*$/m.test(text) &&
    share(/^\s*(?:\[.*\]|[^=:]{1,200}[=:].*)$/) > 0.5
  )
    return ["toml", "ini"];
  if (share(/^[\w.-]{1,100}\s*=/) > 0.9) return ["toml", "ini"];
  if (/^---(?:\s|$)/m.test(text) || share(/^\s*(?:- |["']?[\w./-]{1,200}["']?:(?:\s|$))/) > 0.6)
    return ["yaml"];
  return [];
}

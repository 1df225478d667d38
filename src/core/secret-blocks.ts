import type { SecretSpan } from "./secrets.ts";

/**
 * Private keys, across lines, also where each line has a prefix or the line ends are written as `\n`.
 * A key without its end is hidden as far as it looks like one.
 */
export function* privateKeys(text: string): Generator<SecretSpan> {
  const begin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
  let end = -1;
  for (let match = begin.exec(text); match; match = begin.exec(text)) {
    const start = begin.lastIndex;
    if (text.startsWith("[redacted", start) || text.startsWith("[masked", start)) continue;
    if (end < start) end = indexFrom(text, "-----END ", start);
    const stop = end - start <= longestKey ? end : Math.min(endOfRun(text, start), end);
    begin.lastIndex = stop;
    if (stop > start) yield { from: match.index, start, end: stop, kind: "private-key" };
  }
}

const longestKey = 16_384;

function indexFrom(text: string, part: string, from: number): number {
  const index = text.indexOf(part, from);
  return index === -1 ? Number.POSITIVE_INFINITY : index;
}

function endOfRun(text: string, from: number): number {
  const run = /[A-Za-z0-9+/=\s\\:,.|>"'-]*/y;
  run.lastIndex = from;
  run.test(text);
  return run.lastIndex;
}

/** The values of a Kubernetes Secret's `data` and `stringData`, in YAML or JSON text. */
export function* kubernetesSecrets(text: string): Generator<SecretSpan> {
  if (!/["']?kind["']?:[ \t]{0,4}["']?Secret\b/.test(text.replaceAll("\\", ""))) return;
  yield* secretsInJson(text);
  yield* secretsInYaml(text);
}

function* secretsInJson(text: string): Generator<SecretSpan> {
  const object = /\\{0,4}"(?:data|stringData)\\{0,4}"\s{0,8}:\s{0,8}\{([^{}]*)/g;
  for (let match = object.exec(text); match; match = object.exec(text)) {
    const members = match[1] ?? "";
    const offset = object.lastIndex - members.length;
    const member = /(\\{0,4}"\s{0,8}:\s{0,8}\\{0,4}")(?!\[redacted|\[masked)([^"\\]{1,})/g;
    for (let found = member.exec(members); found; found = member.exec(members)) {
      const start = offset + found.index + (found[1]?.length ?? 0);
      yield { from: match.index, start, end: offset + member.lastIndex, kind: "kubernetes-secret" };
    }
  }
}

function* secretsInYaml(text: string): Generator<SecretSpan> {
  let document: Line[] = [];
  for (const line of linesOf(text)) {
    if (/^---(?:\s|$)/.test(line.text)) {
      yield* secretsOfDocument(document);
      document = [];
    }
    document.push(line);
  }
  yield* secretsOfDocument(document);
}

interface Line {
  readonly start: number;
  readonly text: string;
}

function* secretsOfDocument(lines: readonly Line[]): Generator<SecretSpan> {
  const isSecret = lines.some((line) =>
    /^[+ -]?\s*kind:\s{0,4}["']?Secret["']?\s*$/.test(line.text),
  );
  if (!isSecret) return;
  const from = lines[0]?.start ?? 0;
  let block: number | undefined;
  for (const { start, text } of lines) {
    const indent = /^[+-]? */.exec(text)?.[0].length ?? 0;
    if (block !== undefined && text.trim() !== "" && indent <= block) block = undefined;
    if (block !== undefined) {
      const value = /^[+-]?\s*["']?[\w.-]{1,253}["']?:\s{1,8}(?=\S)|^[+-]?\s*(?=\S)/.exec(text);
      const valueStart = start + (value?.[0].length ?? 0);
      const end = start + text.trimEnd().length;
      const rest = text.slice(valueStart - start).trim();
      if (valueStart < end && !/^(?:[|>][+-]?\d?$|[\w.-]+:$|["']?\[(?:redacted|masked))/.test(rest))
        yield { from, start: valueStart, end, kind: "kubernetes-secret" };
    } else if (/^[+-]?\s*(?:data|stringData):\s*$/.test(text)) block = indent;
  }
}

function* linesOf(text: string): Generator<Line> {
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    yield { start, text: text.slice(start, end) };
    start = end + 1;
  }
}

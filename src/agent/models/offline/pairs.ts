import { baseName, type FileMention } from "./file-names.ts";

export interface Pair {
  readonly before: string;
  readonly after: string;
}

export interface Pairing {
  readonly pairs: readonly Pair[];
  /** Files without a counterpart. */
  readonly left: readonly string[];
}

/**
 * Pairs the versions of the same file by their names: `deploy-v1.yaml` and `deploy-v2.yaml`, `.env.staging` and
 * `.env.production`, `values.old.yaml` and `values.yaml`. Three or more versions make a chain. With `loose`, two
 * files that are left make a pair whatever they are called.
 */
export function pairFiles(
  files: readonly string[],
  { loose = false }: { readonly loose?: boolean } = {},
): Pairing {
  const groups = new Map<string, string[]>();
  for (const file of new Set(files)) {
    const key = stemOf(file);
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  const pairs: Pair[] = [];
  const left: string[] = [];
  for (const group of groups.values()) {
    if (group.length === 1) left.push(...group);
    else pairs.push(...chain(group));
  }
  return loose && left.length === 2
    ? { pairs: [...pairs, ...chain(left)], left: [] }
    : { pairs, left };
}

/**
 * Turns pairs the way that the text says: `a → b`, "from a to b", "b compared to a". `ordered` when just naming
 * them in an order says it already, as in `diff a b`.
 */
export function directPairs(
  pairs: readonly Pair[],
  { text, named, ordered }: { text: string; named: readonly FileMention[]; ordered: boolean },
): readonly Pair[] {
  return pairs.map((pair) => {
    const first = named.find(({ path }) => path === pair.before || path === pair.after);
    const second = named.find(
      ({ path, at }) => first && at > first.at && isOther(path, first, pair),
    );
    if (!first || !second) return pair;
    const between = text.slice(first.end, second.at);
    const forward = { before: first.path, after: second.path };
    if (backward.test(between)) return { before: second.path, after: first.path };
    return ordered || onward.test(between) ? forward : pair;
  });
}

function isOther(path: string, first: FileMention, pair: Pair): boolean {
  return path !== first.path && (path === pair.before || path === pair.after);
}

const onward = /(?:→|⇒|[-=]+>|\b(?:to|into|becomes?|became)\b)/i;
const backward =
  /(?:←|<[-=]+|\b(?:since|against|relative\s+to|compared\s+(?:to|with)|over|instead\s+of|replac(?:es|ed|ing)|from)\b)/i;

function chain(group: readonly string[]): readonly Pair[] {
  const ordered = group.toSorted(byAge);
  return ordered.slice(1).map((after, index) => ({ before: ordered[index] ?? after, after }));
}

/** Marks of a version, a role or an environment in a name, and what comes first: lower is earlier. */
const roles: Readonly<Record<string, number>> = {
  ...rank(-1, "old before prev previous orig original bak backup base from left last stable"),
  ...rank(-1, "example sample default defaults dist template expected"),
  ...rank(1, "new after current cur latest next head to right canary actual proposed"),
  ...rank(1, "updated changed fixed edited modified"),
};
const environments: Readonly<Record<string, number>> = {
  ...rank(1, "local"),
  ...rank(2, "dev development"),
  ...rank(3, "test testing qa ci int integration"),
  ...rank(4, "stage staging stg uat acceptance"),
  ...rank(5, "preprod"),
  ...rank(6, "prod production prd live"),
};

function rank(value: number, names: string): Record<string, number> {
  return Object.fromEntries(names.split(" ").map((name) => [name, value]));
}

function byAge(a: string, b: string): number {
  const [one, other] = [tokensOf(a), tokensOf(b)];
  return (
    sumOf(one, roles) - sumOf(other, roles) ||
    sumOf(one, environments) - sumOf(other, environments) ||
    compareNumbers(numbersIn(one), numbersIn(other)) ||
    compareLetters(one, other)
  );
}

/** A mark that both names share cancels out. */
function sumOf(tokens: readonly string[], ranks: Readonly<Record<string, number>>): number {
  return tokens.reduce(
    (sum, token) => sum + (Object.hasOwn(ranks, token) ? (ranks[token] ?? 0) : 0),
    0,
  );
}

function numbersIn(tokens: readonly string[]): readonly number[] {
  return tokens.flatMap((token) => /^(?:v|rev|r)?(\d+)$/.exec(token)?.slice(1).map(Number) ?? []);
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? -1) - (b[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `a.yaml` and `b.yaml`. */
function compareLetters(a: readonly string[], b: readonly string[]): number {
  const letter = (tokens: readonly string[]) => tokens.find((token) => token.length === 1) ?? "";
  return letter(a) < letter(b) ? -1 : Number(letter(a) > letter(b));
}

/** What is left of a name without marks; `yml` is `yaml`. */
function stemOf(file: string): string {
  const isMark = (token: string) =>
    Object.hasOwn(roles, token) ||
    Object.hasOwn(environments, token) ||
    /^(?:(?:v|rev|r)?\d+|[a-z])$/.test(token);
  return tokensOf(baseName(file))
    .filter((token) => !isMark(token))
    .map((token) => (token === "yml" ? "yaml" : token))
    .join("-");
}

/** The parts of a path: at every separator, at `camelCase`, and before a number at the end of a word. */
function tokensOf(path: string): readonly string[] {
  return path
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1-$2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .flatMap((part) => /^(\p{L}{2,}?)(v?\d+)$/u.exec(part)?.slice(1) ?? [part])
    .filter((token) => token !== "");
}

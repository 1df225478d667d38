import { variable } from "./shape.ts";
import type { Tally } from "./tally.ts";

/** Finds the pattern that a new shape belongs to, among those that shapes were joined to. */
export interface Templates {
  replaceBy(tallies: Iterable<Tally>): void;
  find(group: string, words: readonly string[]): Tally | undefined;
}

interface Node {
  readonly next: Map<string, Node>;
  readonly tallies: Tally[];
}

/** Nodes that one search may visit: a hostile log must not make it slow. */
const visitLimit = 200;
const leafLimit = 20;

/** A tree by level, length, and one word after the other; a variable word has a branch of its own. */
export function createTemplates(): Templates {
  const roots = new Map<string, Node>();
  return {
    replaceBy(tallies) {
      roots.clear();
      for (const tally of tallies) {
        if (tally.words.some(isVariable)) insert(roots, tally);
      }
    },
    find(group, words) {
      const root = roots.get(rootOf(group, words));
      return root === undefined
        ? undefined
        : search(root, words, { place: 0, left: { visits: visitLimit } });
    },
  };
}

function insert(roots: Map<string, Node>, tally: Tally): void {
  let node = child(roots, rootOf(tally.group, tally.words));
  for (const word of tally.words) node = child(node.next, isVariable(word) ? variable : word);
  if (node.tallies.length < leafLimit) node.tallies.push(tally);
}

function child(nodes: Map<string, Node>, key: string): Node {
  const known = nodes.get(key);
  if (known !== undefined) return known;
  const node: Node = { next: new Map<string, Node>(), tallies: [] };
  nodes.set(key, node);
  return node;
}

function search(
  node: Node,
  words: readonly string[],
  { place, left }: { readonly place: number; readonly left: { visits: number } },
): Tally | undefined {
  left.visits -= 1;
  if (left.visits < 0) return undefined;
  const word = words[place];
  if (word === undefined) return node.tallies.find((tally) => covers(tally.words, words));
  for (const next of [node.next.get(word), node.next.get(variable)]) {
    const found = next === undefined ? undefined : search(next, words, { place: place + 1, left });
    if (found !== undefined) return found;
  }
  return undefined;
}

function rootOf(group: string, words: readonly string[]): string {
  return `${group}${words.length}`;
}

function isVariable(word: string): boolean {
  return word.endsWith(variable);
}

/** Some places are variable only behind a common beginning, such as `/shop/`. */
function covers(pattern: readonly string[], words: readonly string[]): boolean {
  return pattern.every((word, place) => {
    const other = words[place] ?? "";
    if (word === other || word === variable) return true;
    return isVariable(word) && other.startsWith(word.slice(0, -1));
  });
}

import {
  type Assignment,
  type Command,
  forEachChild,
  parse,
  type Redirect,
  type SyntaxNode,
} from "unbash";

import { codeIn, runsCode } from "./code-words.ts";
import {
  type CommandWord,
  isKnown,
  type SimpleCommand,
  unknownText,
  word,
} from "./simple-command.ts";
import { readWord } from "./words.ts";
import { runByFind, transparent, wrapped } from "./wrappers.ts";

/**
 * All simple commands that a command line may run, whatever way through it is taken: the parts of compound commands, of
 * functions, of substitutions, of code that is given to a shell, and what programs run that run others. A file that is
 * written is the command `> file`, a variable that is set for programs the command `NAME=value`. What can't be read is
 * there as an opaque one, so nothing is left out.
 *
 * It reads what is written: what a script in a file does, or a program by itself, it can't know.
 */
export function parseCommand(source: string): readonly SimpleCommand[] {
  return read(source, 0);
}

function read(source: string, depth: number): readonly SimpleCommand[] {
  if (source.length > longest || depth > deepest || source.includes(unknownText))
    return [opaque(source, "it is too long or too deep to be read")];
  const found: SimpleCommand[] = [];
  const visit = (node: SyntaxNode, text: string): void => {
    // The text of a script in backticks is not that of what is around it.
    const own = node.type === "Script" ? (node.source ?? text) : text;
    const written = own.slice(node.pos, node.end);
    if (node.type === "Script" && node.errors?.length) found.push(opaque(own, unparsed));
    if (node.type === "Command") found.push(...ofCommand(node, written, depth));
    const write = node.type === "Redirect" ? ofRedirect(node, written) : undefined;
    if (write) found.push(write);
    const why = dialect(node);
    if (why !== undefined) found.push(opaque(written, why));
    forEachChild(node, (child) => visit(child, own));
  };
  visit(parse(source), source);
  return found;
}

const longest = 100_000;
const deepest = 10;

function ofCommand(node: Command, text: string, depth: number): readonly SimpleCommand[] {
  const assignments = node.prefix.flatMap((part) => (part.type === "Assignment" ? [part] : []));
  const set = assignments
    // What is set for the shell alone is its own affair, if it is a name that means nothing to it or to programs.
    .filter(({ name }) => node.name !== undefined || !/^[a-z][a-z0-9_]*$/.test(name))
    .map((each): SimpleCommand => ({ text: each.text, words: [settingOf(each)] }));
  if (!node.name) return set;
  const words = [node.name, ...node.args].map((part) =>
    part.type === "Word" ? readWord(part) : settingOf(part),
  );
  const input = node.redirects.map((redirect) => {
    if (redirect.type === "HereString") return redirect.target && readWord(redirect.target);
    return redirect.type === "HereDoc" && (redirect.delimiter?.quoted || !redirect.body.parts)
      ? word(redirect.body.text)
      : undefined;
  });
  return [...set, ...ofWords(words, { text, depth, input: input.find((each) => each) })];
}

/** `NAME=value` as one word. */
function settingOf({ name, append, index, value }: Assignment): CommandWord {
  const known = index === undefined && value.type === "Word";
  return word(`${name}${append ? "+" : ""}=${known ? readWord(value).value : unknownText}`);
}

/** A command, and what it runs in turn. */
function ofWords(
  words: readonly CommandWord[],
  {
    text,
    depth,
    input,
  }: {
    readonly text: string;
    readonly depth: number;
    readonly input?: CommandWord | undefined;
  },
): readonly SimpleCommand[] {
  const [first, ...args] = words;
  if (!first) return [];
  if (depth > deepest) return [opaque(text, "it is too deep to be read")];
  if (!isKnown(first))
    return [{ text, words, opaque: "which program it runs is known only when it runs" }];
  const name = first.value.replace(/^.*\//s, "");
  const why = runsCode(name, args);
  if (why !== undefined) return [{ text, words, opaque: why }];
  const code = codeIn(name, args, input);
  const inner =
    name === "find" ? runByFind(args) : [wrapped(name, args)].filter((each) => each !== undefined);
  const unclear = code === "unclear" || inner.some((each) => each === "unclear");
  const self: SimpleCommand = {
    text,
    words,
    ...(unclear && { opaque: "what it runs in turn can't be told" }),
    ...(!unclear &&
      (code !== undefined || (inner.length > 0 && transparent.has(name))) && { transparent: true }),
  };
  return [
    self,
    ...(code === undefined || code === "unclear" ? [] : read(code.code, depth + 1)),
    ...inner.flatMap((each) =>
      each === "unclear"
        ? []
        : [
            ...each.settings.map((setting): SimpleCommand => ({ text, words: [setting] })),
            ...ofWords(each.words, { text, depth: depth + 1, input }),
          ],
    ),
  ];
}

/** Files that are written; not a copy of a descriptor, nor what is thrown away. */
function ofRedirect({ operator, target }: Redirect, text: string): SimpleCommand | undefined {
  if (operator === "<" || operator === "<&") return undefined;
  if (!target) return opaque(text, unparsed);
  const file = readWord(target);
  if (operator === ">&" && /^(?:\d+|-|\d+-)$/.test(file.value)) return undefined;
  if (file.value === "/dev/null") return undefined;
  return { text, words: [word(">"), file] };
}

/** What another shell, which may be the one that runs it, reads as something else; or what evaluates text as code. */
function dialect(node: SyntaxNode): string | undefined {
  if (node.type === "ArithmeticCommand") return "only some shells read it as arithmetic";
  if (node.type === "TestLogical" || node.type === "TestGroup")
    return "only some shells read it as a test";
  if (node.type === "Coproc") return "only some shells know it";
  if (node.type === "CommandExpansion" || node.type === "ProcessSubstitution")
    return node.script ? undefined : unparsed;
  if (node.type === "ArithmeticExpansion") return node.expression ? undefined : unparsed;
  return evaluatesText(node) ? "it may run what a variable holds" : undefined;
}

/** Arithmetic, indices and indirect names are evaluated, and with them the substitutions in what a variable holds. */
function evaluatesText(node: SyntaxNode): boolean {
  if (node.type === "TestUnary") return node.operator === "-v" || node.operator === "-R";
  if (node.type === "TestBinary") return /^(?:[<>]|-(?:eq|ne|lt|le|gt|ge))$/.test(node.operator);
  if (node.type === "ArithmeticCommandExpansion") return true;
  if (node.type === "ArithmeticWord") return !/^\s*(?:\d*|0x[\da-f]+)\s*$/i.test(node.value);
  if (node.type === "Assignment") return node.index !== undefined && !/^\d+$/.test(node.index.text);
  if (node.type !== "ParameterExpansion") return false;
  const { prefix, operation, index } = node;
  const isIndexed = index !== undefined && !/^(?:[@*]|\d+)$/.test(index.text);
  return (
    prefix === "!" || operation?.type === "Transform" || operation?.type === "Slice" || isIndexed
  );
}

const unparsed = "it can't be parsed";

function opaque(text: string, why: string): SimpleCommand {
  return { text, words: [], opaque: why };
}

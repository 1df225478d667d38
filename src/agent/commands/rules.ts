import type { CallPart, CallVerdict } from "../approvals.ts";
import type { CommandRules } from "../call-rules.ts";
import { parseCommand } from "./parse-command.ts";
import { covers, exactPattern, mayMatch, parsePattern, type Pattern } from "./pattern.ts";
import { type SimpleCommand, unknownText } from "./simple-command.ts";

/**
 * Judges a command line by rules. `remembered` are patterns that people have allowed meanwhile: they let through what
 * would be asked for, and nothing that is refused.
 *
 * @example
 * judgeCommand("git push origin main", { ask: ["git push *"], otherwise: "allow" });
 */
export function judgeCommand(
  command: string,
  rules: CommandRules,
  { remembered = [] }: { readonly remembered?: readonly string[] } = {},
): CallVerdict {
  const { allow = [], ask = [], deny = [], otherwise } = rules;
  if (otherwise === "allow" && ask.length + deny.length === 0) return { type: "run" };
  const reader: Reader = {
    allow: allow.map(parsePattern),
    remembered: remembered.map(parsePattern),
    ask: ask.map((text) => ({ text, pattern: parsePattern(text) })),
    deny: deny.map(parsePattern),
    otherwise,
  };
  const judged = parseCommand(command).map((each) => judge(each, reader));
  const denied = judged.find((each) => each.type === "refuse");
  if (denied) return denied;
  const parts = judged.flatMap((each) => (each.type === "ask" ? each.parts : []));
  return parts.length === 0 ? { type: "run" } : { type: "ask", parts };
}

interface Reader {
  readonly allow: readonly Pattern[];
  readonly remembered: readonly Pattern[];
  readonly ask: readonly { readonly text: string; readonly pattern: Pattern }[];
  readonly deny: readonly Pattern[];
  readonly otherwise: CommandRules["otherwise"];
}

function judge(
  command: SimpleCommand,
  { allow, remembered, ask, deny, otherwise }: Reader,
): CallVerdict {
  const { text, words, opaque } = command;
  const refused: CallVerdict = {
    type: "refuse",
    reason: `the rules of this bot do not allow \`${text}\``,
  };
  const isAllowed = allow.some((pattern) => lets(pattern, command));
  const isRemembered = remembered.some((pattern) => lets(pattern, command));
  const met = ask.find(({ pattern }) => covers(pattern, words));
  if (deny.some((pattern) => covers(pattern, words))) return refused;
  if (otherwise === "deny" && !command.transparent && !isAllowed && !isRemembered && !met)
    return refused;
  // What may become what is refused is asked for each time.
  if (deny.some((pattern) => mayMatch(pattern, words))) return asked({ text });
  if (isRemembered) return { type: "run" };
  if (met && opaque === undefined) return asked({ text, pattern: met.text });
  if (ask.some(({ pattern }) => mayMatch(pattern, words))) return asked({ text });
  if (isAllowed || command.transparent) return { type: "run" };
  if (opaque !== undefined) return asked({ text: `${text} (${opaque})` });
  if (otherwise === "allow") return { type: "run" };
  const pattern = exactPattern(words);
  return asked({ text, ...(pattern !== undefined && { pattern }) });
}

const asked = (part: CallPart): CallVerdict => ({ type: "ask", parts: [part] });

/** What can't be told from its words is let through only by a pattern that leaves none open. */
const lets = (pattern: Pattern, { words, opaque }: SimpleCommand): boolean =>
  covers(pattern, words) &&
  (opaque === undefined || (pattern.length > 0 && !pattern.includes(unknownText)));

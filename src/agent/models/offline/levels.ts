const order = ["fatal", "error", "warn", "info", "debug", "trace"] as const;
type Level = (typeof order)[number];

const names: readonly (readonly [Level, string])[] = [
  ["fatal", "fatals?|criticals?|panics?"],
  ["error", "errors?|errs?|erorrs?|errros?|erros?"],
  ["warn", "warn(?:ing)?s?|warnigs?"],
  ["info", "infos?|informational"],
  ["debug", "debugs?"],
  ["trace", "traces?"],
];

const level = `(?:${names.map(([, pattern]) => pattern).join("|")})`;
const joint = String.raw`\s*(?:,|/|\||\+|&|\band\b|\bor\b)\s*(?:and\s+)?`;
const list = String.raw`(${level}(?:${joint}${level})*)`;
const upward = String.raw`(\s*(?:\+|(?:and|or)\s+(?:above|higher|worse|up)))?`;

/** Where a list of levels is a wish for just these lines, and not talk about errors in general. */
const wishes = [
  String.raw`\blevels?\s*(?:=|:|is|>=)?\s*${list}${upward}`,
  String.raw`\b(?:only|just)\s+(?:(?:show|give|list|the|me|us|all)\s+)*${list}${upward}\b`,
  String.raw`\b${list}${upward}\s+(?:only|level)\b`,
  String.raw`^(?:please\s+)?(?:now\s+)?(?:show|list|give|print|see|get|filter)(?:\s+(?:me|us|all|only|just|the|for|by|on))*\s+${list}${upward}(?:\s+(?:lines|messages|logs|entries))?\b(?!\s+(?:in|of)\s+line)`,
  String.raw`^(?:(?:and|all|the|what about|how many|any)\s+)*${list}${upward}\s*(?:please|pls)?(?:[\s?!.]*$|\s+(?:since|after|before|until|between|from|around|in|at)\b)`,
].map((pattern) => new RegExp(pattern, "i"));

/** The levels that a text wants to see. Who asks for errors wants worse than errors too. */
export function levelsIn(text: string): readonly Level[] | undefined {
  for (const wish of wishes) {
    const [, said, above] = wish.exec(text) ?? [];
    if (said === undefined) continue;
    const named = order.filter((_, index) => {
      const [, pattern = ""] = names[index] ?? [];
      return new RegExp(String.raw`\b(?:${pattern})\b`, "i").test(said);
    });
    const last = order.indexOf(named.at(-1) ?? "error");
    return order.filter((name, index) => {
      if (named.includes(name) || (above !== undefined && index <= last)) return true;
      return name === "fatal" && named.includes("error");
    });
  }
  return undefined;
}

/** Whether a word is the name of a level, such as `errors`. */
export function isLevelWord(word: string): boolean {
  return new RegExp(`^${level}$`, "i").test(word);
}

/**
 * Follows how deep YAML is nested, token by token. The parser and composer of `yaml` recurse without a limit of their
 * own, and a stack overflow inside of a regular expression ends the whole process instead of throwing.
 */
export function createDepthGauge(): (lexeme: string) => number {
  let column = 0;
  let atLineStart = true;
  let flow = 0;
  const indents: number[] = [];
  return (lexeme) => {
    if (controls.has(lexeme)) return indents.length + flow;
    const isSpace = /^[ \t]*$/.test(lexeme);
    const isIndicator = lexeme === "-" || lexeme === "?";
    if (flow === 0 && !isSpace && !/^[\r\n#]/.test(lexeme) && (atLineStart || isIndicator)) {
      while ((indents.at(-1) ?? -1) >= column) indents.pop();
      indents.push(column);
    }
    if (lexeme === "[" || lexeme === "{") flow += 1;
    if (lexeme === "]" || lexeme === "}") flow = Math.max(0, flow - 1);
    const newline = lexeme.lastIndexOf("\n");
    column = newline === -1 ? column + lexeme.length : lexeme.length - newline - 1;
    atLineStart = newline === -1 ? atLineStart && isSpace : true;
    return indents.length + flow;
  };
}

/** Marks without text: the start of a document, the end of a flow collection by error, a scalar that follows. */
const controls = new Set(["\u0002", "\u0018", "\u001F", "\uFEFF"]);

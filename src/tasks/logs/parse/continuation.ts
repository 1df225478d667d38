import { leadingLevel } from "./level-token.ts";

const goesOn =
  /^(?:\s|at |Caused by:|Suppressed:|\.\.\. \d+ (?:more|common)|goroutine \d+|File "|During handling of|The above exception|--- End of|created by |[})\]]+[;,]?$)/;
const namesThrown = /^(?:Traceback \(most recent|(?:[\w$]+\.)*[\w$]*(?:Exception|Error)\b)/;
const grave =
  /\b(?:panic|fatal|exception|error|traceback|segfault|segmentation fault|out of memory|killed|core dumped)\b/i;

/**
 * Whether a line without a header belongs to the event before it, as the lines of a stack trace do. `afterTrouble`: that
 * event speaks of trouble; `expectsHeader`: nearly every event of this file has a header. A line that speaks of trouble
 * itself stands alone: a crash is printed by the runtime, not by the logger.
 */
export function isContinuation(
  line: string,
  { afterTrouble, expectsHeader }: { afterTrouble: boolean; expectsHeader: boolean },
): boolean {
  if (goesOn.test(line)) return true;
  if (namesThrown.test(line)) return afterTrouble;
  if (!expectsHeader) return false;
  return afterTrouble || (!grave.test(line) && leadingLevel(line) === undefined);
}

import type { Level } from "../level.ts";
import { leadingLevel } from "../parse/level-token.ts";

/** What a message itself says about how it is going, whatever its level. */
export interface Signs {
  /** The level of a message whose header has none. */
  readonly level: Level;
  /** It was concluded from words such as "failed", not from a level. */
  readonly inferred: boolean;
  /** It speaks of trouble. */
  readonly trouble: boolean;
  /** It speaks of a change that often precedes trouble: a deploy, a restart, a new configuration. */
  readonly change: boolean;
}

const grave =
  /\b(?:panic(?:ked)?|fatal(?:ity)?|traceback|segfault|segmentation fault|out of memory|oom[- ]?kill\w*|core dumped|stack overflow|deadlock(?:ed)?|unhandled|uncaught|corrupt(?:ed|ion)?|assertion failed|no space left|data loss)\b/i;
/** A class such as `java.io.IOException` or `KeyError`; the plain word "exception" names none. */
const thrown = /\b[\w.$]+(?:Exception|Error)\b|^(?:Exception|Error)\b/;

const bad =
  /\b(?:errors?|exceptions?|fail(?:ed|ure|ures|s|ing)?|refused|timed?[ -]?out|timeouts?|unreachable|unavailable|denied|cannot|can't|can not|unable|could ?n[o']t|invalid|reject(?:ed|ing)|abort(?:ed|ing)?|killed|exceed(?:ed|s)|throttl\w+|too many|rate.?limit\w*|overload\w*|unhealthy|crash\w*|broken pipe|disconnect(?:ed)?|lost connection|connection (?:reset|lost|closed)|not responding|no response|retry(?:ing)?|retries|giving up|slow|stuck|hung|degraded|backpressure|dropp(?:ed|ing)|evict(?:ed|ing)|stale|expired|not found|missing|unauthori[sz]ed|forbidden|attack|break-in|5\d\d)\b/i;

const fine =
  /\b(?:no|zero|without|0) (?:\w+ )?(?:errors?|failures?|exceptions?|warnings?)\b|\b(?:errors?|fail(?:ed|ures?)|exceptions?|dropped|retries|timeouts?)["']?(?:[:=] ?| )(?:0|none|null|false|nil)\b|\berror_?log\b|\b(?:retry|timeout)(?:_\w+|s)? ?[=:] ?\d/gi;

const changed =
  /\b(?:deploy(?:ed|ing|ment)|deploy(?:s|ment)? v?\d|roll(?:ed|ing)?[ -]?(?:out|back)|releas(?:e|ed|ing) v?\d|upgrad(?:ed|ing)|version changed|migrat(?:ed|ing|ion)|(?:config\w*|settings?|rules?|certificates?|secrets?|flags?)\b.{0,40}\b(?:reload|chang|updat|appl|load|rotat|switch)\w*|(?:reload|chang|updat|apply|applied|rotat|switch)\w*\b.{0,40}\b(?:config\w*|settings?|rules?|certificates?|secrets?|flags?)|restart(?:ed|ing)?|shutting down|shut down|received sig\w+|failover|failing over|leader (?:elect\w*|changed)|promot(?:ed|ing)|scal(?:ed|ing) (?:up|down|to|in|out)|maintenance|feature flag)\b/i;

/** Looks at a message for signs. `declared` is what its header says. Only for new shapes: it is not cheap. */
export function readSigns(text: string, tag: string, declared: Level): Signs {
  const said = text.slice(0, 2000).replaceAll(fine, " ");
  const status = /^[45]\d\d$/.test(tag) ? Number(tag) : 0;
  const isGrave = grave.test(said) || thrown.test(said);
  const trouble = isGrave || bad.test(said) || status >= 500 || status === 429;
  const change = changed.test(said);
  if (declared !== "unknown") {
    // A request log may note a server's failure as information.
    const raised = status >= 500 && (declared === "info" || declared === "debug");
    return { level: raised ? "error" : declared, inferred: raised, trouble, change };
  }
  const leading = leadingLevel(text) ?? shouted(text);
  if (leading !== undefined) return { level: leading, inferred: false, trouble, change };
  const level = isGrave || status >= 500 ? "error" : trouble ? "warn" : "unknown";
  return { level, inferred: level !== "unknown", trouble, change };
}

/** A level in capitals among the first words, as in `worker 3 ERROR cannot …`, counts as one. */
function shouted(text: string): Level | undefined {
  const match = /(?:^|\s|\[)(FATAL|CRITICAL|ERROR|WARN|WARNING)(?=[\s\]:]|$)/.exec(
    text.slice(0, 80),
  );
  return match?.[1] === undefined ? undefined : leadingLevel(match[1]);
}

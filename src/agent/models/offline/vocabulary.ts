import { mentions, wordsOf } from "./words.ts";

const logWords = new Set(
  (
    "log logs logfile logfiles wrong error errors incident incidents outage outages happen happened happening happens why " +
    "crash crashed crashing crashes crashloop fail fails failed failing failure failures exception exceptions broke broken " +
    "breaking down timeout timeouts stacktrace stacktraces traceback tracebacks panic panicked oom slow latency issue issues " +
    "problem problems investigate debug analyze analyse analysis analyzing triage diagnose diagnosis cause rca postmortem " +
    "alert alerts alerting warning warnings unhealthy unavailable errored erroring died dead killed restarting restarts " +
    "summarize summarise summary suspicious unusual weird anomaly anomalies spike spikes stuck hanging hung 5xx 500 500s 502 503 504"
  ).split(" "),
);
const diffWords = new Set(
  (
    "diff diffs diffed compare compared compares comparing comparison change changes changed changing difference differences " +
    "differ differs different differing delta deltas drift drifted drifts vs versus"
  ).split(" "),
);
const causeWords = new Set("why cause causes caused reason trigger triggered".split(" "));

/** What a text talks about. */
export function subjectsOf(text: string): {
  readonly logs: boolean;
  readonly diff: boolean;
  readonly cause: boolean;
} {
  const parts = text.split(/\s+/).filter((part) => !isPath(part));
  const words = [...new Set(parts.flatMap(wordsOf))];
  return {
    logs: mentions(words, logWords),
    diff: mentions(words, diffWords) || /→|<->|\w\s*->\s*\w/.test(text),
    cause: mentions(words, causeWords),
  };
}

/** The words in a path say nothing about what is asked. */
function isPath(part: string): boolean {
  return /[./]\w/.test(part);
}

const deeds =
  /^(?:(?:please|pls|can you|could you|would you|will you|just|now|and|then|also)\s+)*(?:restart|reboot|deploy|redeploy|roll\s?back|revert|scale|kill|stop|start|fix|patch|repair|merge|push|commit|delete|remove|drop|create|open|write|generate|draft|notify|page|send|email|mail|translate|predict|recommend|suggest|explain|book|order|buy|install|upgrade|drain|cordon|silence|ack|acknowledge|resolve|close|assign|schedule|remind)\b/i;

/** A wish for a deed or for judgement, which no built-in task does. */
export function asksForDeed(text: string): boolean {
  return deeds.test(text) && !/\b(?:why|what|how|which|where|when)\b/i.test(text);
}

const calendarWords =
  /\b(?:today|yesterday|tonight|last\s+night|this\s+(?:morning|afternoon|evening|week)|last\s+week|(?:on|last|since)\s+(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b/i;

/** A day said in words. Logs are often from another day, so that it cannot be turned into a date here. */
export function calendarWordIn(text: string): string | undefined {
  return calendarWords.exec(text)?.[0];
}

import { type Action, say } from "./action.ts";
import { answerFromDiff, topicIn } from "./diff-answer.ts";
import { fileKind } from "./file-names.ts";
import { filtersIn, hasFilters } from "./filters.ts";
import type { Memory } from "./memory.ts";
import { pairFiles } from "./pairs.ts";
import { planDiff, planDiffTopic } from "./plan-diff.ts";
import { nameList, planLogs, type Request, unique } from "./plan-logs.ts";
import { asksForDeed, subjectsOf } from "./vocabulary.ts";
import { wordsOf } from "./words.ts";

/** What to do about a message in plain words; nothing when it is not understood. */
export function planWork(request: Request, memory: Memory): readonly Action[] {
  if (asksForDeed(request.text) && request.named.length + request.attached.length === 0) return [];
  const named = filesMeant(request, memory);
  const paths = named.map(({ path }) => path);
  const targets = unique(paths.length > 0 ? paths : request.attached);
  const asked = { ...request, named };
  if (targets.length > 0) return planFiles(asked, targets, memory);
  return planFollowUp(asked, memory);
}

/**
 * The named files that the message is about. Plain words name others too, such as the one that an error is about:
 * a path that nobody attached counts only where it can be what is to be read.
 */
function filesMeant({ text, named, attached }: Request, memory: Memory): Request["named"] {
  const { diff } = subjectsOf(text);
  const meant = named.filter(({ path }) => {
    if (memory.files.includes(path) || /^\/(?:sources|workspace)\//.test(path)) return true;
    return attached.length === 0 && (diff || fileKind(path) === "log");
  });
  return meant.length > 0 || attached.length > 0 ? meant : sourcesIn(text, memory);
}

/** "the checkout logs", where `checkout` is a source. */
function sourcesIn(text: string, { sources }: Memory): Request["named"] {
  const words = ` ${text.toLowerCase().replace(/[^\p{L}\p{N}._-]+|\.(?=\s|$)/gu, " ")} `;
  return sources
    .filter((name) => words.includes(` ${name.toLowerCase()} `))
    .map((name) => ({ path: `/sources/${name}/**/*`, at: 0, end: 0 }));
}

/** What the files are says as much as the words do: both kinds may be there, and both are looked at. */
function planFiles(
  request: Request,
  targets: readonly string[],
  memory: Memory,
): readonly Action[] {
  const { text, named } = request;
  const subjects = subjectsOf(text);
  const ofKind = (kind: string) => targets.filter((file) => fileKind(file) === kind);
  const configs = ofKind("config");
  const others = ofKind("other");
  const isDiffOnly = subjects.diff && !subjects.logs;
  const wantsPair =
    configs.length > 0
      ? configs
      : isDiffOnly
        ? targets.filter((file) => !others.includes(file))
        : [];
  const logs = isDiffOnly
    ? []
    : targets.filter((file) => !configs.includes(file) && !others.includes(file));

  const isPair = wantsPair.length > 1 && (subjects.diff || pairFiles(wantsPair).pairs.length > 0);
  const isHalf = wantsPair.length === 1 && logs.length === 0;
  const actions: Action[] = [];
  if (logs.length > 0) {
    actions.push(
      ...planLogs(
        { text, named: named.filter(({ path }) => logs.includes(path)), attached: logs },
        memory,
      ),
    );
  }
  if (isPair || isHalf) {
    actions.push(
      ...planDiff(
        {
          text,
          named: named.filter(({ path }) => wantsPair.includes(path)),
          attached: wantsPair,
          ordered: false,
        },
        memory,
      ),
    );
  } else if (wantsPair.length > 1) {
    actions.push(
      say(
        `${nameList(wantsPair)} do not look like versions of one file. To compare two of them: \`diff <old> <new>\`.`,
      ),
    );
  }
  if (others.length > 0)
    actions.push(
      say(`I cannot read ${nameList(others)}: I read logs and compare configuration files.`),
    );
  return actions;
}

/** Without files, a message is about what was looked at before, or about what was attached without being asked for. */
function planFollowUp(request: Request, memory: Memory): readonly Action[] {
  const { text } = request;
  const subjects = subjectsOf(text);
  const filtered = hasFilters(filtersIn(text));
  const topic = topicIn(text);
  const { diff, logs, last } = memory;

  const isAboutDiff = subjects.diff && !filtered && (!subjects.logs || last === "diff");
  if (diff !== undefined && isAboutDiff)
    return topic === undefined
      ? planDiff({ ...request, ordered: false }, memory)
      : planDiffTopic(topic, memory);
  if (logs !== undefined && filtered) return planLogs(request, memory);
  if (last === "diff" && topic !== undefined && !subjects.logs) return planDiffTopic(topic, memory);
  if (isAgain(text)) return again(request, memory);
  // Causes are not for this planner to judge; what came before the first error is what it can show.
  if (logs !== undefined && subjects.cause)
    return planLogs(request, memory, { around: "first-error" });
  if (subjects.logs) return planLogs(request, memory);
  if (subjects.diff) return planDiff({ ...request, ordered: false }, memory);
  return last === "diff" ? planWord(text, memory) : [];
}

/** A word or two, such as "replicas?", when the diff has something under that name. */
function planWord(text: string, memory: Memory): readonly Action[] {
  const output = memory.diff?.output;
  if (output === undefined || wordsOf(text).length > 3) return [];
  const answer = answerFromDiff(output, text.replace(/[\s?!.]+$/, ""));
  return answer.type === "found" ? [say(answer.markdown)] : [];
}

function isAgain(text: string): boolean {
  return /^(?:please\s+)?(?:(?:do|run|try|check|look)\s+(?:it|that|this|them)?\s*)?(?:again|once more|retry|rerun|re-run|repeat)(?:\s+(?:it|that|please))*\s*[.!?]*$/i.test(
    text,
  );
}

function again(request: Request, memory: Memory): readonly Action[] {
  if (memory.last === "logs") return planLogs(request, memory);
  return memory.last === "diff" ? planDiff({ ...request, ordered: false }, memory) : [];
}

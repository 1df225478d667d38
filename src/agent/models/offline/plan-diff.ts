import { type Action, call, say } from "./action.ts";
import { answerFromDiff } from "./diff-answer.ts";
import { baseName, fileKind } from "./file-names.ts";
import { code } from "./markdown.ts";
import type { Memory } from "./memory.ts";
import { directPairs, type Pair, pairFiles } from "./pairs.ts";
import { nameList, type Request, unique } from "./plan-logs.ts";

/** Compares the named files, else the attached ones, else those of before. */
export function planDiff(
  request: Request & {
    /** Naming files in an order says which is the older one. */ readonly ordered: boolean;
  },
  memory: Memory,
): readonly Action[] {
  const { text, named, ordered } = request;
  const targets = targetsOf(request);
  if (targets.length === 0) return repeat(memory);

  const { pairs, left } = pairTargets(targets, memory);
  if (pairs.length === 0) {
    return [
      say(
        `I have just ${nameList(targets)} to compare. Attach the other version too, or name two files: \`diff old.yaml new.yaml\`.`,
      ),
    ];
  }
  const directed = directPairs(pairs, { text, named, ordered });
  return [
    diffCall(directed),
    ...(left.length === 0
      ? []
      : [say(`*Not compared, since I found no counterpart: ${nameList(left)}.*`)]),
  ];
}

/** "What changed in replicas?", about the diff that was made before. */
export function planDiffTopic(topic: string, memory: Memory): readonly Action[] {
  const { diff } = memory;
  if (diff === undefined) return [];
  const answer = diff.output === undefined ? undefined : answerFromDiff(diff.output, topic);
  if (answer?.type === "found") return [say(answer.markdown)];
  if (answer?.type === "absent" && answer.complete) return [say(absentText(topic, answer.changes))];
  return [{ ...diffCall(diff.pairs), topic }];
}

export function absentText(topic: string, changes: number): string {
  if (changes === 0) return `Nothing changed at all, so nothing in ${code(topic)}.`;
  const others =
    changes === 1 ? "the one change is elsewhere" : `none of the ${changes} changes is there`;
  return `Nothing changed in ${code(topic)}: ${others}.`;
}

function diffCall(pairs: readonly Pair[]): Action & { type: "call" } {
  return call("run_task", { task: "diff", input: { pairs } });
}

/** One named file is to be compared with what came along. */
function targetsOf({ named, attached }: Request): readonly string[] {
  const paths = unique(named.map(({ path }) => path));
  const readable = attached.filter((file) => fileKind(file) !== "other");
  if (paths.length > 1) return paths;
  if (paths.length === 1) return unique([...paths, ...readable]);
  const configs = readable.filter((file) => fileKind(file) === "config");
  return unique(configs.length > 1 ? configs : readable);
}

/** A single file's other version may have been attached earlier. */
function pairTargets(targets: readonly string[], memory: Memory) {
  if (targets.length > 1) return pairFiles(targets, { loose: true });
  const { pairs } = pairFiles([...memory.files, ...targets]);
  const own = pairs.filter(
    ({ before, after }) => targets.includes(before) || targets.includes(after),
  );
  return { pairs: own.slice(-1), left: [] };
}

function repeat({ diff, files }: Memory): readonly Action[] {
  if (diff !== undefined) return [diffCall(diff.pairs)];
  const { pairs } = pairFiles(
    files.filter((file) => fileKind(file) === "config"),
    { loose: true },
  );
  if (pairs.length > 0) return [diffCall(pairs)];
  const seen =
    files.length === 0 ? "" : ` So far I have ${nameList(files.slice(-4).map(baseName))}.`;
  return [
    say(
      `I need two files to compare. Attach both, or name them: \`diff old.yaml new.yaml\`.${seen}`,
    ),
  ];
}

import type { Duplex } from "node:stream";

import { abortable } from "../../core/abort.ts";
import { OpsthreadError } from "../../core/errors.ts";
import { demultiplex } from "./demultiplex.ts";
import { parseStat, type ProcessStat } from "./leftovers.ts";

/**
 * The main process of a container without a supervisor: the image's own `sh`. It lists the processes of the container when it
 * is asked on its stdin, and ends with its stdin, and the container with it. The host's process holds the other end: when
 * that dies, nothing of the sandbox is left. It runs as a user of its own, so that no command can signal it.
 */
export interface Keeper {
  /** Where the image has its shells. */
  readonly sh: string;
  readonly bash: string | undefined;
  /**
   * Looks around in the container.
   * @throws {OpsthreadError} `SANDBOX_LOST` when it does not answer
   */
  look(): Promise<KeeperView>;
  /** Settles when it has ended or can't be reached any more. Never rejects. */
  readonly ended: Promise<void>;
  close(): void;
}

export interface KeeperView {
  /** What runs besides the keeper itself. */
  readonly processes: readonly ProcessStat[];
  /** How often the kernel has killed a process in it for want of memory; 0 where it does not count. */
  readonly memoryKills: number;
}

/** What runs as the container's command. It needs nothing of the image but `sh`; without a `sleep` only the host sees to its lifetime. */
export const keeperCommand = (lifetimeMs: number): readonly string[] => [
  "sh",
  "-c",
  script,
  "sh",
  String(Math.ceil(lifetimeMs / 1_000) + lifetimeSlackSeconds),
];

/** Everything in the loop is built into the shell: it works also when there can be no more processes. */
const script = `{ sleep "$1" && kill -9 "$$"; } &
echo "$$ $!"; command -v sh || echo; command -v bash || echo
while read -r ask; do
  for stat in /proc/[0-9]*/stat; do
    { read -r line < "$stat" && printf '%s\\n' "$line"; } 2>/dev/null
  done
  for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    { while read -r name count; do
      case $name in oom_kill) echo "$name $count" ;; esac
    done < "$file"; } 2>/dev/null
  done
  echo end
done`;

/** The host is first, and can say why. */
const lifetimeSlackSeconds = 5;
const answerMs = 5_000;
const maxLine = 8_192;
const maxComplaint = 1_000;

/** @throws {OpsthreadError} `SANDBOX_LOST` when it does not say that it is there */
export async function openKeeper(
  socket: Duplex,
  { signal }: { readonly signal: AbortSignal },
): Promise<Keeper> {
  const answers: ((line: string | undefined) => void)[] = [];
  const lines: (string | undefined)[] = [];
  const take = (line: string | undefined): void => {
    const waiting = answers.shift();
    if (waiting) waiting(line);
    else lines.push(line);
  };
  const nextLine = (): Promise<string | undefined> =>
    lines.length > 0
      ? Promise.resolve(lines.shift())
      : new Promise((resolve) => {
          answers.push(resolve);
        });
  let hasEnded = false;
  let complaint = "";
  const complain = (bytes: Buffer): void => {
    complaint = (complaint + bytes.toString()).slice(0, maxComplaint);
  };
  const ended = (async (): Promise<void> => {
    let rest = "";
    try {
      for await (const bytes of demultiplex(socket, complain)) {
        const parts = (rest + bytes.toString("latin1")).split("\n");
        rest = parts.pop() ?? "";
        for (const line of parts) take(line);
        if (rest.length > maxLine) break;
      }
    } catch {
      // A stream that broke has ended, too.
    }
    hasEnded = true;
    socket.destroy();
    for (const waiting of answers.splice(0)) waiting(undefined);
  })();

  const line = async (within: AbortSignal): Promise<string> => {
    const next = hasEnded && lines.length === 0 ? undefined : await abortable(nextLine(), within);
    if (next !== undefined) return next;
    throw new OpsthreadError(
      "SANDBOX_LOST",
      `Cannot ask the sandbox's main process: it has ended, expected it to run${complaint === "" ? "" : ` (${complaint.trim()})`}`,
    );
  };

  const greeting = AbortSignal.any([signal, AbortSignal.timeout(6 * answerMs)]);
  const own = new Set((await line(greeting)).split(" ").map(Number).concat(1));
  const sh = await line(greeting);
  const bash = await line(greeting);

  const look = async (): Promise<KeeperView> => {
    const within = AbortSignal.timeout(answerMs);
    socket.write("look\n");
    const processes: ProcessStat[] = [];
    let memoryKills = 0;
    for (let text = await line(within); text !== "end"; text = await line(within)) {
      const stat = parseStat(text);
      // Its own: itself, what waits for the end of its lifetime, and the sleep below that.
      if (stat && !own.has(stat.pid) && (stat.parent <= 1 || !own.has(stat.parent)))
        processes.push(stat);
      else if (text.startsWith("oom_kill ")) memoryKills += Number(text.slice(9));
    }
    return { processes, memoryKills };
  };
  let asking: Promise<unknown> = Promise.resolve();

  return {
    sh: sh === "" ? "sh" : sh,
    bash: bash === "" ? undefined : bash,
    look() {
      const looking = asking.then(look);
      // One after the other; a failure is its own asker's.
      asking = looking.catch(() => {});
      return looking;
    },
    ended,
    close: () => void socket.destroy(),
  };
}

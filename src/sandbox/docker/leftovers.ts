/** A process as `/proc/<pid>/stat` tells of it. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export interface ProcessStat {
  readonly pid: number;
  /** 0 for one that was started from outside of the container: the leader of a command. */
  readonly parent: number;
  readonly state: string;
  /** In ticks since the machine started: a process id may be used again, with another one. */
  readonly startedAt: string;
}

/** Undefined for what is no such line. A name in it can be anything, also what looks like its end. */
export function parseStat(line: string): ProcessStat | undefined {
  const pid = Number.parseInt(line, 10);
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [state, parent] = fields;
  const startedAt = fields[19];
  if (!Number.isInteger(pid) || state === undefined || startedAt === undefined) return undefined;
  return { pid, parent: Number(parent), state, startedAt };
}

/**
 * Those that belong to no command that runs: what commands that have ended left behind. A command that runs and makes daemons of
 * its processes can't be told from one that has ended.
 */
export function leftoversAmong(processes: readonly ProcessStat[]): readonly ProcessStat[] {
  const living = processes.filter(({ state }) => state !== "Z" && state !== "X");
  const parents = new Map(living.map(({ pid, parent }) => [pid, parent]));
  const isOfCommand = (pid: number): boolean => {
    // Bounded: what changes while it is read could look like a ring.
    for (let at = pid, steps = 0; steps <= living.length; steps += 1) {
      const parent = parents.get(at);
      if (parent === 0) return true;
      if (parent === undefined) return false;
      at = parent;
    }
    return false;
  };
  return living.filter(({ pid }) => !isOfCommand(pid));
}

export const identityOf = ({ pid, startedAt }: ProcessStat): string => `${pid}/${startedAt}`;

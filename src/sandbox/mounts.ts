import { readFile } from "node:fs/promises";

export interface Mount {
  /** `major:minor` of what is mounted. */
  readonly device: string;
  readonly target: string;
}

/** What a process sees mounted, what covers another later. https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
export async function mountsSeenBy(pid: number | "self"): Promise<readonly Mount[]> {
  const text = await readFile(`/proc/${pid}/mountinfo`, "utf8");
  return text.split("\n").flatMap((line) => {
    const [, , device, , target] = line.split(" ");
    return device === undefined || target === undefined
      ? []
      : [{ device, target: unescaped(target) }];
  });
}

/** mountinfo writes spaces and the like as `\040`. */
const unescaped = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );

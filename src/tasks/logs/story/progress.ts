import type { TaskContext } from "../../task.ts";
import type { Chapter } from "../read/story.ts";
import { bytes as inBytes } from "../render/text.ts";

/** Tells how much of the files was read, each time another hundredth was. */
export function reporter(
  context: TaskContext,
  chapters: readonly Chapter[],
  verb: string,
): (bytes: number) => void {
  const total = chapters.reduce((sum, { bytes }) => sum + bytes, 0);
  let read = 0;
  let told = -1;
  return (bytes) => {
    read += bytes;
    const done = total === 0 ? 1 : Math.min(1, read / total);
    if (Math.floor(done * 100) === told) return;
    told = Math.floor(done * 100);
    context.progress({ done, text: `${verb} ${inBytes(read)} of ${inBytes(total)}` });
  };
}

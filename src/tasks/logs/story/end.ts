import type { TaskContext } from "../../task.ts";
import type { Chapter } from "../read/story.ts";
import { walk } from "../read/walk.ts";
import { reporter } from "./progress.ts";

/** The last time in the log. It takes a pass of its own, because nothing tells where a packed file ends. */
export async function findEnd(chapters: readonly Chapter[], context: TaskContext): Promise<number> {
  let end = Number.NaN;
  const onBytes = reporter(context, chapters, "Looked for the end of the log in");
  for (const chapter of chapters) {
    await walk(
      context.files,
      chapter,
      (_line, _number, _kind, { time }) => {
        if (time > end || Number.isNaN(end)) end = time;
        return false;
      },
      { signal: context.signal, onBytes },
    );
  }
  return end;
}

import type { LogsFile } from "../data.ts";
import type { NotRead } from "../read/select.ts";
import type { Gathered, GatheredFile } from "./gather.ts";
import { type Writer, shortPath } from "./writer.ts";

/** What is told about one file. */
export function fileData(file: GatheredFile, write: Writer): LogsFile {
  const { time: first } = write.time(file.first);
  const { time: last } = write.time(file.last);
  return {
    path: file.chapter.path,
    encoding: file.chapter.encoding,
    formats: Object.fromEntries(file.formats),
    bytes: file.chapter.bytes,
    lines: file.lines,
    ...(first === undefined ? {} : { first }),
    ...(last === undefined ? {} : { last }),
    notes: fileNotes(file),
  };
}

function fileNotes(file: GatheredFile): string[] {
  const notes: string[] = [];
  if (file.badBytes) notes.push("some bytes are not UTF-8 and are shown as �");
  if (file.oddTimes > 0)
    notes.push(
      `${file.oddTimes} lines with a time more than a year away from the others: their times are not used`,
    );
  return notes;
}

/** What was not read though its file was, and why. */
export function leftOut({ files, lines, miner }: Gathered): readonly NotRead[] {
  const notes: NotRead[] = [];
  for (const { chapter, problem, cut } of files) {
    const what = shortPath(chapter.path);
    if (problem !== undefined)
      notes.push({ what, why: `ends early or is damaged (${problem}); what came before was read` });
    if (cut > 0) notes.push({ what, why: `${cut} lines longer than 256 KiB were cut` });
  }
  if (lines.filtered > 0)
    notes.push({
      what: `${lines.filtered} lines`,
      why: "left out by since, until, levels or match",
    });
  if (miner.overflow.lines > 0) {
    notes.push({
      what: `${miner.overflow.lines} lines`,
      why: "counted by level, but in none of the patterns: there were too many different ones",
    });
  }
  return notes;
}

import { headTail } from "../../core/output.ts";
import type { LoopEvent, LoopOptions, Recorder } from "../loop.ts";
import { notesFile } from "./notes-text.ts";

/** Shows the agent its notes, where it has any and has not seen them like this. A session without notes opens no sandbox for it. */
export async function* offerNotes(
  { transcript, session, redact }: LoopOptions,
  record: Recorder,
  signal: AbortSignal,
): AsyncGenerator<LoopEvent> {
  if (!transcript.namesNotes) return;
  const text = await readNotes();
  if (text.trim() === "" || text === transcript.shownNotes) return;
  yield record({ type: "notes-shown", text });

  async function readNotes(): Promise<string> {
    try {
      const { files } = await session.sandbox();
      const part = await files.read(notesFile, { offset: 0, length: shownBytes + 1 });
      if (!part) return "";
      const head = redact(Buffer.from(part.bytes).toString());
      const cut =
        part.size > shownBytes ? `\n[The file has ${part.size} bytes; this is its beginning.]` : "";
      return `${headTail(head, shownBytes)}${cut}`;
    } catch {
      signal.throwIfAborted();
      // A sandbox that does not open is told by the next tool that needs it.
      return "";
    }
  }
}

const shownBytes = 8 * 1024;

import type { ContextCut } from "../../core/journal.ts";
import type { ToolSession } from "../tool.ts";
import { fileOf, type Piece } from "./pieces.ts";

/** Puts all of what is cut into files, where it is not in one already, and tells the cuts. */
export async function keepCuts(
  pieces: readonly Piece[],
  {
    session,
    keep,
    signal,
  }: { readonly session: ToolSession; readonly keep: number; readonly signal: AbortSignal },
): Promise<readonly ContextCut[]> {
  const cuts: ContextCut[] = [];
  for (const { part, of, text, file } of pieces) {
    const place = file ?? (await keepText(fileOf({ part, of }), text, { session, signal }));
    cuts.push({ part, of, keep, ...(place !== undefined && { file: place }) });
  }
  return cuts;
}

/**
 * Writes a text into the workspace and tells where; undefined when the workspace does not take it. A full disk must not
 * end a turn that only wanted to remember less.
 */
export async function keepText(
  file: string,
  text: string,
  { session, signal }: { readonly session: ToolSession; readonly signal: AbortSignal },
): Promise<string | undefined> {
  try {
    const { files } = await session.sandbox();
    await files.write(file, Buffer.from(text), { signal });
    return file;
  } catch {
    signal.throwIfAborted();
    // The journal has it all the same; the model is told that the workspace has not.
    return undefined;
  }
}

import type { LoopEvent, LoopOptions, Recorder } from "./loop.ts";
import { outputFile } from "./transcript.ts";

/** Old tool outputs become references to files before the window is full, not after it overflowed. */
export async function* fitContext(
  { model, transcript, session }: LoopOptions,
  record: Recorder,
  signal: AbortSignal,
): AsyncGenerator<LoopEvent> {
  const excess = transcript.excess(model.capabilities.contextTokens * contextShare);
  if (excess.length === 0) return;
  const { files } = await session.sandbox();
  for (const { executionId, output } of excess)
    await files.write(outputFile(executionId), Buffer.from(output), { signal });
  yield record({ type: "context-trimmed", callIds: excess.map(({ callId }) => callId) });
}

/** The rest is for the answer, and for what the estimate of four characters a token misses. */
const contextShare = 0.7;

import { keepCuts } from "./context/keep-cuts.ts";
import { offerNotes } from "./context/offer-notes.ts";
import { piecesOf, type Piece } from "./context/pieces.ts";
import { cutOldest, level } from "./context/plan-cuts.ts";
import { splitConversation } from "./context/split.ts";
import { summarize } from "./context/summarize.ts";
import type { ContextSize, ContextWindow } from "./context/window.ts";
import type { LoopEvent, LoopOptions, Recorder } from "./loop.ts";
import type { ModelRequest } from "./model.ts";

/** There is nothing for {@link fitContext} to do, as with nearly every step. */
export const fitsAsItIs = (
  options: LoopOptions,
  { window, counted }: { readonly window: ContextWindow; readonly counted: ContextSize["counted"] },
): boolean => {
  const { tokens } = options.transcript.conversation.size;
  return !isJustCompacted(options) && window.excess({ tokens, counted }, "limit") <= 0;
};

/**
 * Makes the conversation shorter before the window is full, in stages, each on record before it counts: large pieces of the
 * last step are cut to size; old outputs and arguments become references to files; where the provider shortens by itself it
 * is left to do so; the oldest part gives way to a summary; at last everything long is cut.
 */
export async function* fitContext(
  options: LoopOptions,
  record: Recorder,
  {
    window,
    counted,
    request,
    signal,
  }: {
    readonly window: ContextWindow;
    /** What the provider has last counted. */
    readonly counted: ContextSize["counted"];
    /** The request as it would be made now. */
    readonly request: () => ModelRequest;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<LoopEvent> {
  const { conversation } = options.transcript;
  const size = (): ContextSize => ({ tokens: conversation.size.tokens, counted });
  const over = (aim: "limit" | "goal" = "goal"): number => window.excess(size(), aim);
  if (isJustCompacted(options)) yield* offerNotes(options, record, signal);
  if (over("limit") <= 0) return;
  const cut = async function* cut(
    pieces: readonly Piece[],
    keep: number,
  ): AsyncGenerator<LoopEvent> {
    if (pieces.length === 0) return;
    const cuts = await keepCuts(pieces, { ...options, keep, signal });
    yield record({ type: "context-trimmed", cuts });
  };

  const room = window.room(size());
  const recent = piecesIn(options).filter(({ isRecent }) => isRecent);
  yield* cut(...level(recent, room * recentShare));
  const old = piecesIn(options).filter(({ isRecent, part }) => !isRecent && isWork(part));
  yield* cut(cutOldest(old, over()), 0);
  if (over() <= 0 || (window.compacts && over("limit") <= 0)) return;

  const split = splitConversation(conversation, room);
  if (split) {
    const about = { window, counted, request: request(), room, signal };
    yield record(await summarize(options, split, about));
    yield* offerNotes(options, record, signal);
  }
  if (over("limit") <= 0) return;
  const all = piecesIn(options);
  const others = conversation.size.tokens - all.reduce((sum, { tokens }) => sum + tokens, 0);
  yield* cut(...level(all, Math.max(room - others, room * leastShare)));
}

/** The provider made all before the last answer shorter, the agent's notes too. */
const isJustCompacted = ({ transcript: { items, shownNotes } }: LoopOptions): boolean =>
  shownNotes === undefined &&
  items.findLast((item) => item.type === "assistant")?.response.compacted === true;

/** What can be cut, oldest first. `isRecent`: of the last step, or said after it. */
function piecesIn({
  transcript,
}: LoopOptions): readonly (Piece & { readonly isRecent: boolean })[] {
  const { items, countFrom } = transcript.conversation;
  const last = items.findLastIndex(({ type }) => type === "assistant");
  return items.flatMap((item, index) =>
    index < countFrom
      ? []
      : piecesOf(item, transcript.conversation.originOf(item)).map((piece) => ({
          ...piece,
          isRecent: index >= last,
        })),
  );
}

/** What a call was given and gave can be read again in its file; words are for the summary. */
const isWork = (part: Piece["part"]): boolean => part === "output" || part === "arguments";

/** Of the room for the conversation, what its last step may take. */
const recentShare = 0.5;
/** Of the room, what long pieces may take even if what is short fills it. */
const leastShare = 0.1;

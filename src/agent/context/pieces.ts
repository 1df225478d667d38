import { stableKey } from "../../core/ids.ts";
import type { ContextCut } from "../../core/journal.ts";
import { headTail } from "../../core/output.ts";
import type { Item } from "../model.ts";
import { tokensOf } from "./estimate.ts";
import { shortenStrings } from "./shorten-strings.ts";

/** What the harness knows of an item besides what the model sees of it. */
export interface Origin {
  /** A result's execution id, an answer's `turn.step`, a message's id. */
  readonly key: string;
  /** Of an answer: the execution ids of its calls, by call id. */
  readonly calls?: ReadonlyMap<string, string>;
  /** It stays when what is around it is summarised. */
  readonly isPinned?: boolean;
  /** Where all of what is shown in part lies, by execution id, step or message id. */
  readonly files?: ReadonlyMap<string, string>;
}

/** A text of an item that could be shorter. */
export interface Piece extends Pick<ContextCut, "part" | "of"> {
  readonly text: string;
  readonly tokens: number;
  /** Where all of it lies already. */
  readonly file?: string;
}

/** What may be cut of an item: texts that cost more than the reference that would replace them. */
export function piecesOf(item: Item, { key, calls, files }: Origin): readonly Piece[] {
  const piece = (part: Piece["part"], text: string, of = key): readonly Piece[] => {
    if (text.length < worthCutting) return [];
    const file = files?.get(of);
    return [{ part, of, text, tokens: tokensOf(text), ...(file !== undefined && { file }) }];
  };
  switch (item.type) {
    case "user":
      return piece("message", item.text);
    case "assistant": {
      const { compacted, text, toolCalls } = item.response;
      // What the provider made of everything before it must be sent back as it is.
      if (compacted) return [];
      const args = toolCalls.flatMap(({ callId, args: json }) =>
        piece("arguments", json, calls?.get(callId) ?? ""),
      );
      return [...args, ...piece("answer", text)];
    }
    case "tool-result":
      return piece("output", item.result.output);
    case "note":
      return [];
  }
}

export const worthCutting = 400;

/** An item with what these cuts leave of it. */
export function cutItem(
  item: Item,
  { key, calls }: Origin,
  cuts: ReadonlyMap<string, ContextCut>,
): Item {
  const left = (part: Piece["part"], text: string, of = key): string => {
    const cut = cuts.get(pieceId({ part, of }));
    return cut ? shortened(text, cut) : text;
  };
  switch (item.type) {
    case "user":
      return { ...item, text: left("message", item.text) };
    case "tool-result":
      return { ...item, result: { ...item.result, output: left("output", item.result.output) } };
    case "assistant": {
      const { response } = item;
      const toolCalls = response.toolCalls.map((call) => {
        const cut = cuts.get(pieceId({ part: "arguments", of: calls?.get(call.callId) ?? "" }));
        return cut ? { ...call, args: shortenStrings(call.args, whereOf(cut)) } : call;
      });
      const text = left("answer", response.text);
      return { type: "assistant", response: { ...response, text, toolCalls }, isCut: true };
    }
    case "note":
      return item;
  }
}

export const pieceId = ({ part, of }: Pick<ContextCut, "part" | "of">): string => `${part} ${of}`;

function shortened(text: string, cut: ContextCut): string {
  const { keep, where } = whereOf(cut);
  if (keep === 0) return `[${text.length} characters, ${where}]`;
  return `${headTail(text, keep)}\n[${where === nowhere ? nowhere : `all of it is ${where}`}]`;
}

const nowhere = "not kept: the workspace did not take them";

const whereOf = ({
  keep,
  file,
}: ContextCut): { readonly keep: number; readonly where: string } => ({
  keep,
  where: file === undefined ? nowhere : `now in ${file}`,
});

/** Where in the workspace the full output of a tool call lies, when what the model sees refers to it. */
export const outputFile = (executionId: string): string => `.opsthread/outputs/${executionId}.txt`;

/** Where all of a piece is kept when it is cut. */
export function fileOf({ part, of }: Pick<Piece, "part" | "of">): string {
  switch (part) {
    case "output":
      return outputFile(of);
    case "arguments":
      return `.opsthread/outputs/${of}.arguments.json`;
    case "answer":
    case "message":
      return `.opsthread/context/${stableKey(part, of)}.txt`;
  }
}

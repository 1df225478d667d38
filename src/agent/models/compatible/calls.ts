import { stableKey } from "../../../core/ids.ts";
import type { ToolCall } from "../../../core/tool-result.ts";
import { parsed } from "../arguments.ts";
import type { CallPiece } from "./chunk.ts";
import type { Names } from "./names.ts";

interface Call {
  readonly index: number | undefined;
  id: string;
  name: string;
  args: string;
}

/** Puts calls together from what a stream brings of them. */
export interface CallReader {
  add(piece: CallPiece): void;
  readonly calls: readonly Call[];
}

/**
 * Calls come in pieces or whole, by index or not, with ids or without; some servers say of each call that it is the first.
 */
export function callReader(): CallReader {
  const calls: Call[] = [];
  return {
    calls,
    add({ index, id, function: called }) {
      const args = argsText(called?.arguments);
      const piece = { index: index ?? undefined, id: id ?? "", name: called?.name ?? "", args };
      const current = calls.findLast(
        (one) => piece.index === undefined || one.index === piece.index,
      );
      if (current === undefined || isAnother(current, piece, called?.arguments)) {
        calls.push(piece);
        return;
      }
      current.id ||= piece.id;
      current.name ||= piece.name;
      current.args += args;
    },
  };
}

/** Some servers repeat id and name with each piece, so that alone does not make another call. */
function isAnother(current: Call, piece: Call, args: unknown): boolean {
  if (piece.id !== "" && current.id !== "") return piece.id !== current.id;
  if (piece.name === "") return false;
  if (typeof args === "object" && args !== null) return true;
  return (current.name !== "" && piece.name !== current.name) || parsed(current.args) !== undefined;
}

function argsText(args: string | object | null | undefined): string {
  if (args === null || args === undefined) return "";
  return typeof args === "string" ? args : JSON.stringify(args);
}

/**
 * The calls as ours. An id that is missing, or was used before in the conversation, is made up: the same for each try of a
 * step, and another for each of its calls.
 */
export function toolCallsOf(
  calls: readonly Call[],
  {
    names,
    stepKey,
    used,
  }: {
    readonly names: Names;
    readonly stepKey: string;
    readonly used: ReadonlySet<string>;
  },
): readonly ToolCall[] {
  const taken = new Set(used);
  return calls.map(({ id, name, args }, number) => {
    const callId = id === "" || taken.has(id) ? `call_${stableKey("call", stepKey, number)}` : id;
    taken.add(callId);
    return { callId, tool: names.meant(name), args: args === "" ? "{}" : args };
  });
}

import { bytesPerToken } from "./estimate.ts";
import type { Piece } from "./pieces.ts";

/** The oldest pieces that have to go so that `tokens` are gained; all of them where that is not enough. */
export function cutOldest(pieces: readonly Piece[], tokens: number): readonly Piece[] {
  let left = tokens;
  return pieces.filter((piece) => {
    if (left <= 0) return false;
    left -= piece.tokens - referenceTokens;
    return true;
  });
}

const referenceTokens = 30;

/**
 * The largest pieces, and how many bytes of each may stay so that all together take no more than `tokens`: those that are
 * shorter stay as they are.
 */
export function level(
  pieces: readonly Piece[],
  tokens: number,
): readonly [pieces: readonly Piece[], keepBytes: number] {
  const sizes = pieces.map((piece) => piece.tokens).toSorted((a, b) => a - b);
  let left = tokens;
  for (const [index, size] of sizes.entries()) {
    const share = left / (sizes.length - index);
    if (size > share) {
      const most = Math.max(share - referenceTokens, leastTokens);
      return [
        pieces.filter((piece) => piece.tokens > most + referenceTokens),
        Math.floor(most * bytesPerToken),
      ];
    }
    left -= size;
  }
  return [[], 0];
}

/** Head and tail of less say nothing. */
const leastTokens = 50;

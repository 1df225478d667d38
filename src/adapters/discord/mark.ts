import { hash } from "node:crypto";

/**
 * What a post's messages are known by later: the id of their first component, which Discord keeps and nobody sees. A nonce
 * is forgotten after minutes, and history does not tell it.
 * https://discord.com/developers/docs/components/reference#anatomy-of-a-component
 */
export function markOf(
  key: string,
  { part, isLast }: { readonly part: number; readonly isLast: boolean },
): number {
  const digest = hash("sha256", JSON.stringify(["post", key, part, isLast]), "buffer");
  // Small ones are given by Discord itself.
  return smallest + (digest.readUInt32BE(0) % (largest - smallest));
}

const smallest = 1 << 20;
const largest = 2 ** 31 - 1;

/** The one of progress lines. */
export const progressMark = smallest - 1;

/** Not a tokenizer: four characters are a token, so that a test can say how much it sends. */
export const tokensIn = (text: string): number => Math.ceil(text.length / 4);

/** JSON in which the order of keys, absent and null fields make no difference. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([, field]) => field !== null && field !== undefined)
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        )
      : inner,
  );
}

/** A text in pieces as a stream brings them; no character is torn. */
export function piecesOf(text: string, size = 12): readonly string[] {
  const characters = Array.from(text);
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(""),
  );
}

/** Puts something before the first line and something before the others, which end where their words do. */
export function indent(text: string, first: string, others: string): string {
  return text
    .split("\n")
    .map((line, index) => ((index === 0 ? first : others) + line).trimEnd())
    .join("\n");
}

import type { MarkdownTable } from "./markdown.ts";
import { columns, pad } from "./width.ts";

/** A table in aligned columns, for where nothing but letters of one width shows it; undefined where it is wider than `width`. */
export function plainTable(
  { align, header, rows }: MarkdownTable,
  { width }: { readonly width: number },
): string | undefined {
  const flat = (cells: readonly string[]): readonly string[] =>
    header.map((_, index) => (cells[index] ?? "").replaceAll(/\s+/g, " "));
  const lines = [flat(header), ...rows.map(flat)];
  const widths = header.map((_, index) =>
    Math.max(3, ...lines.map((cells) => columns(cells[index] ?? ""))),
  );
  if (widths.reduce((sum, each) => sum + each + gap.length, 0) - gap.length > width)
    return undefined;
  const [head = "", ...body] = lines.map((cells) =>
    widths
      .map((each, index) => pad(cells[index] ?? "", each, align[index] ?? "left"))
      .join(gap)
      .trimEnd(),
  );
  return [head, widths.map((each) => "─".repeat(each)).join(gap), ...body].join("\n");
}

const gap = "  ";

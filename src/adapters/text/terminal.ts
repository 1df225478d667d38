import { visibleControls, visibleLabel } from "./control.ts";
import { indent } from "./indent.ts";
import type { MarkdownList, MarkdownRenderer, MarkdownTable, Nesting } from "./markdown.ts";
import { paint } from "./paint.ts";
import { columns, pad, wrap } from "./width.ts";

/** Shows Markdown in a terminal. Without `color` the text carries no escape sequence at all. */
export function terminalRenderer(options: {
  readonly width: number;
  readonly color: boolean;
}): MarkdownRenderer {
  const { bold, italic, struck, cyan, dim } = paint(options.color);
  const room = (at: Nesting): number =>
    Math.max(20, options.width - at.quotes * quoteMark.length - at.lists * 4);
  return {
    text: visibleControls,
    strong: bold,
    emphasis: italic,
    strike: (inner) => (options.color ? struck(inner) : `~~${inner}~~`),
    code: (text) => (options.color ? cyan(visibleControls(text)) : `\`${visibleControls(text)}\``),
    link(inner, url) {
      const target = visibleLabel(url);
      return inner === target || `mailto:${inner}` === target
        ? inner
        : `${inner} ${dim(`(${target})`)}`;
    },
    image: (alt, url) => `[${visibleLabel(alt) || "image"}] ${dim(`(${visibleLabel(url)})`)}`,
    lineBreak: () => "\n",
    paragraph: (inner, at) => wrap(inner, room(at)),
    heading: (inner, level, at) =>
      wrap(options.color ? bold(inner) : `${"#".repeat(level)} ${inner}`, room(at)),
    codeBlock: (text) => indent(visibleControls(text), codeIndent, codeIndent),
    quote: (inner) => indent(inner, dim(quoteMark), dim(quoteMark)),
    list: renderList,
    table: (table, at) => renderTable(table, { width: room(at), bold, dim }),
    rule: (at) => dim("─".repeat(Math.min(40, room(at)))),
  };
}

const quoteMark = "│ ";
const codeIndent = "    ";

function renderList({ start, loose, items }: MarkdownList): string {
  return items
    .map(({ checked, inner }, index) => {
      const marker = start === undefined ? "• " : `${start + index}. `;
      const box = checked === undefined ? "" : checked ? "[x] " : "[ ] ";
      return indent(box + inner, marker, " ".repeat(marker.length));
    })
    .join(loose ? "\n\n" : "\n");
}

type Style = (text: string) => string;

/** Aligned columns; where they don't fit, each row as lines of `header: cell`. */
function renderTable(
  { align, header, rows }: MarkdownTable,
  { width, bold, dim }: { readonly width: number; readonly bold: Style; readonly dim: Style },
): string {
  const flat = (cells: readonly string[]): readonly string[] =>
    cells.map((cell) => cell.replaceAll(/\s+/g, " "));
  const lines = [header, ...rows].map(flat);
  const widths = header.map((_, index) =>
    Math.max(3, ...lines.map((cells) => columns(cells[index] ?? ""))),
  );
  if (widths.reduce((sum, each) => sum + each + gap.length, 0) - gap.length > width) {
    return rows.map((row) => renderRecord(flat(header), flat(row), { width, bold })).join("\n\n");
  }
  const line = (cells: readonly string[], style: Style): string =>
    widths
      .map((each, index) => style(pad(cells[index] ?? "", each, align[index] ?? "left")))
      .join(gap)
      .trimEnd();
  const [head = [], ...body] = lines;
  return [
    line(head, bold),
    dim(widths.map((each) => "─".repeat(each)).join(gap)),
    ...body.map((cells) => line(cells, (text) => text)),
  ].join("\n");
}

function renderRecord(
  header: readonly string[],
  row: readonly string[],
  { width, bold }: { readonly width: number; readonly bold: Style },
): string {
  return header
    .map((name, index) => wrap(`${bold(`${name}:`)} ${row[index] ?? ""}`, width))
    .join("\n");
}

const gap = "  ";

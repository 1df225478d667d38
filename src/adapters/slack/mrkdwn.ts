import { visibleControls, visibleLabel } from "../text/control.ts";
import { indent } from "../text/indent.ts";
import type { MarkdownList, MarkdownRenderer, MarkdownTable } from "../text/markdown.ts";
import { columns, pad } from "../text/width.ts";

/**
 * Slack's own markup: https://docs.slack.dev/messaging/formatting-message-text. All text is escaped, so that nothing
 * that a model writes calls a person, a group or a whole channel.
 */
export const mrkdwn: MarkdownRenderer = {
  text: escaped,
  strong: (inner) => marked(inner, "*"),
  emphasis: (inner) => marked(inner, "_"),
  strike: (inner) => marked(inner, "~"),
  // There is no way to write a backtick inside.
  code: (text) =>
    text.includes("`") || text.trim() === "" ? escaped(text) : `\`${escaped(text)}\``,
  link,
  image: (alt, url) => link(escaped(visibleLabel(alt) || "image"), url),
  lineBreak: () => "\n",
  paragraph: (inner) => inner,
  heading: (inner) => marked(inner, "*"),
  codeBlock,
  quote: (inner) => indent(inner, "> ", "> "),
  list: renderList,
  table: renderTable,
  rule: () => "─".repeat(20),
};

/** Text that Slack shows as it is. Half a surrogate pair can't be sent at all. */
export function escaped(text: string): string {
  return visibleControls(Buffer.from(text).toString())
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** Marks don't nest with themselves, and hold for one line only. */
function marked(inner: string, mark: string): string {
  const isPlain = inner.trim() === inner && inner !== "" && !/[\n]/.test(inner);
  return isPlain && !inner.includes(mark) ? mark + inner + mark : inner;
}

/** Only addresses of the web and mail: `<!…>`, `<@…>` and `<#…>` mean something else. */
function link(inner: string, url: string): string {
  if (!/^(?:https?:\/\/|mailto:)/i.test(url)) return `${inner} (${escaped(url)})`;
  const target = escaped(url.replaceAll(/[\s|<>]/g, encodeURIComponent));
  const label = inner
    .replaceAll(/\s+/g, " ")
    .replaceAll("|", "¦")
    .replaceAll(/<[^>]*>/g, "");
  return label.trim() === "" || inner === target ? `<${target}>` : `<${target}|${label}>`;
}

function codeBlock(text: string, info: string): string {
  // A language is left out. What stands where it should be is not.
  const shownInfo = /^[\w+#.-]*$/.test(info.trim()) ? "" : `${info.trim()}\n`;
  // A fence inside would end it.
  const inner = escaped(shownInfo + text).replaceAll("```", "``\u200b`");
  return `\`\`\`\n${inner}\n\`\`\``;
}

function renderList({ start, loose, items }: MarkdownList): string {
  return items
    .map(({ checked, inner }, index) => {
      const marker = start === undefined ? "• " : `${start + index}. `;
      const box = checked === undefined ? "" : checked ? "☑ " : "☐ ";
      return indent(box + inner, marker, "    ");
    })
    .join(loose ? "\n\n" : "\n");
}

/** Aligned columns in a block of code; where they would be too wide to read, each row as lines of `header: cell`. */
function renderTable({ align, header, rows }: MarkdownTable): string {
  const flat = (cells: readonly string[]): readonly string[] =>
    header.map((_, index) => (cells[index] ?? "").replaceAll(/\s+/g, " "));
  const lines = [flat(header), ...rows.map(flat)];
  const widths = header.map((_, index) => Math.max(3, ...lines.map((line) => shown(line[index]))));
  const isWide = widths.reduce((sum, each) => sum + each + 2, 0) > maxColumns;
  if (isWide || lines.flat().some((cell) => cell.includes("```")))
    return rows.map((row) => record(flat(header), flat(row))).join("\n\n");
  const drawn = lines.map((cells) =>
    cells
      .map((cell, index) => {
        // What is escaped takes more letters than it shows.
        const missing = cell.length - shown(cell);
        return pad(cell, (widths[index] ?? 0) + missing, align[index] ?? "left");
      })
      .join("  ")
      .trimEnd(),
  );
  const [head = "", ...body] = drawn;
  return ["```", head, widths.map((each) => "─".repeat(each)).join("  "), ...body, "```"].join(
    "\n",
  );
}

const shown = (cell = ""): number => columns(cell.replaceAll(/&(?:amp|lt|gt);/g, "x"));
const maxColumns = 100;

function record(header: readonly string[], row: readonly string[]): string {
  return header.map((name, index) => `${marked(`${name}:`, "*")} ${row[index] ?? ""}`).join("\n");
}

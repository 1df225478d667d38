import { visibleControls, visibleLabel } from "../text/control.ts";
import { indent } from "../text/indent.ts";
import type { MarkdownList, MarkdownRenderer, MarkdownTable } from "../text/markdown.ts";
import { plainTable } from "../text/plain-table.ts";

/**
 * Discord's own Markdown: https://support.discord.com/hc/en-us/articles/210298617. It has no tables, images, rules and
 * check boxes. All text is escaped, so that nothing a model writes names a person, a role or a channel.
 */
export const discordMarkdown: MarkdownRenderer = {
  text: escaped,
  strong: (inner) => marked(inner, "**"),
  emphasis: (inner) => marked(inner, "*"),
  strike: (inner) => marked(inner, "~~"),
  code: inlineCode,
  link,
  image: (alt, url) => link(escaped(visibleLabel(alt) || "image"), url),
  lineBreak: () => "\n",
  paragraph: (inner) => inner,
  // There are three sizes.
  heading: (inner, level) =>
    inner.includes("\n") ? marked(inner, "**") : `${"#".repeat(Math.min(level, 3))} ${inner}`,
  codeBlock,
  quote: (inner) => indent(inner, "> ", "> "),
  list: renderList,
  table: renderTable,
  rule: () => "─".repeat(20),
};

/** Text that Discord shows as it is. Half a surrogate pair can't be sent at all. */
export function escaped(text: string): string {
  return (
    visibleControls(Buffer.from(text).toString())
      .replaceAll(/[\\*_~`|[\]]/g, String.raw`\$&`)
      // `<@…>`, `<#…>`, `<:…:…>` and `<t:…>` mean something; what follows may be a text of its own.
      .replaceAll(/<(?=[@#:/aitd]|$)/g, String.raw`\<`)
      .replaceAll(/^(\s*)(#{1,3}|-#|>{1,3}|[-+])(?=\s)/gm, String.raw`$1\$2`)
      .replaceAll(/^(\s*\d{1,9})\.(?=\s)/gm, String.raw`$1\.`)
      // Calls nobody, but would look as if.
      .replaceAll(/@(?=(?:everyone|here)\b|$)/g, "@\u200b")
  );
}

function marked(inner: string, mark: string): string {
  const isPlain = inner.trim() === inner && inner !== "";
  return isPlain ? mark + inner + mark : inner;
}

function inlineCode(text: string): string {
  const shown = visibleControls(text);
  if (shown.trim() === "") return shown;
  if (!shown.includes("`")) return `\`${shown}\``;
  // Two around hold one inside, but not at the ends, and not two.
  return shown.includes("``") || shown.startsWith("`") || shown.endsWith("`")
    ? escaped(shown)
    : `\`\`${shown}\`\``;
}

function link(inner: string, url: string): string {
  if (!/^https?:\/\//i.test(url)) return `${inner} (${escaped(url)})`;
  const target = visibleLabel(url)
    .replaceAll(/[\s<>()]/g, encodeURIComponent)
    .replaceAll("(", "%28")
    .replaceAll(")", "%29")
    .replaceAll(/@(?=everyone|here)/g, "%40");
  const label = inner.replaceAll(/\s+/g, " ");
  // Discord takes a label that looks like an address for a trick, and shows it as it is written.
  const isBare =
    label.trim() === "" ||
    label.replaceAll("\\", "") === url ||
    /^(?:https?:\/\/|www\.)/i.test(label);
  return isBare ? `<${target}>` : `[${label}](<${target}>)`;
}

function codeBlock(text: string, info: string): string {
  // A fence inside would end it.
  const inner = visibleControls(text).replaceAll("```", "``\u200b`");
  const language = /^[\w+#-]{1,20}/.exec(info)?.[0] ?? "";
  return `\`\`\`${language}\n${inner}\n\`\`\``;
}

function renderList({ start, loose, items }: MarkdownList): string {
  return items
    .map(({ checked, inner }, index) => {
      const marker = start === undefined ? "- " : `${start + index}. `;
      const box = checked === undefined ? "" : checked ? "☑ " : "☐ ";
      return indent(box + inner, marker, " ".repeat(marker.length));
    })
    .join(loose ? "\n\n" : "\n");
}

/** As code, without the escapes: there is no markup inside. */
function renderTable({ align, header, rows }: MarkdownTable): string {
  const bare = (cells: readonly string[]): readonly string[] =>
    cells.map((cell) => cell.replaceAll(/\\([\\*_~`|[\]<])/g, "$1").replaceAll("`", ""));
  const drawn = plainTable({ align, header: bare(header), rows: rows.map(bare) }, { width: 80 });
  return drawn === undefined
    ? rows.map((row) => record(header, row)).join("\n\n")
    : codeBlock(drawn, "");
}

function record(header: readonly string[], row: readonly string[]): string {
  return header
    .map((name, index) => `${marked(`${name}:`, "**")} ${row[index] ?? ""}`.replaceAll("\n", " "))
    .join("\n");
}

import { escapeHtml } from "../transcript.ts";

/** Discord's Markdown as its apps show it, for the transcript: https://support.discord.com/hc/en-us/articles/210298617 */
export function discordHtml(markdown: string, nameOf: (userId: string) => string): string {
  const parts = markdown.split(/```([\w+#-]*)\n?([\s\S]*?)```/);
  let html = "";
  // Text, language and code take turns.
  for (let at = 0; at < parts.length; at += 3) {
    html += linesHtml(parts[at] ?? "", nameOf);
    const code = parts[at + 2];
    if (code !== undefined) html += `<pre>${escapeHtml(code)}</pre>`;
  }
  return html;
}

function linesHtml(text: string, nameOf: (userId: string) => string): string {
  return text
    .split("\n")
    .map((line) => lineHtml(line, nameOf))
    .join("\n")
    .trim()
    .replaceAll("\n", "<br>")
    .replaceAll(/(<\/(?:h\d|blockquote|div)>)<br>/g, "$1");
}

function lineHtml(line: string, nameOf: (userId: string) => string): string {
  const [, marks = "", rest = line] = /^(#{1,3}|-#|>|\s*[-*]|\s*\d+\.) (.*)$/.exec(line) ?? [];
  const inner = inlineHtml(marks === "" ? line : rest, nameOf);
  if (marks.startsWith("#")) return `<h${marks.length + 2}>${inner}</h${marks.length + 2}>`;
  if (marks === "-#") return `<div><small>${inner}</small></div>`;
  if (marks === ">") return `<blockquote>${inner}</blockquote>`;
  if (marks.trim() === "-" || marks.trim() === "*")
    return `<div style="margin-left:${marks.length * 0.6}em">• ${inner}</div>`;
  return marks === "" ? inner : `${marks} ${inner}`;
}

function inlineHtml(text: string, nameOf: (userId: string) => string): string {
  const kept: string[] = [];
  const keep = (html: string): string => `\u0000${kept.push(html) - 1}\u0000`;
  const marked = escapeHtml(
    text
      // What is escaped, and code, in which nothing is: bold text may have both in it.
      .replaceAll(
        /\\([\\*_~`|[\]<>#.+-])|(``[^\n]+?``|`[^`\n]+`)/g,
        (_, char: string | undefined, code: string) =>
          keep(
            char === undefined
              ? `<code>${escapeHtml(code.replaceAll(/^`+|`+$/g, ""))}</code>`
              : escapeHtml(char),
          ),
      )
      .replaceAll(/<@!?([^>&\s]+)>/g, (_, id: string) => keep(`<b>@${escapeHtml(nameOf(id))}</b>`))
      .replaceAll(/<#([^>\s]+)>/g, (_, id: string) => keep(`<b>#${escapeHtml(id)}</b>`))
      .replaceAll(/\]\(<([^>]+)>\)/g, (_, url: string) => `](${keep(escapeHtml(url))})`)
      .replaceAll(/<(https?:[^>]+)>/g, (_, url: string) => keep(escapeHtml(url))),
  )
    .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, "<u>$1</u>")
    .replaceAll(/\*\*(.+?)\*\*/g, "<b>$1</b>")
    .replaceAll(/\*(.+?)\*/g, "<i>$1</i>")
    .replaceAll(/~~(.+?)~~/g, "<s>$1</s>");
  // oxlint-disable-next-line no-control-regex -- What was put there above.
  return marked.replaceAll(/\u0000(\d+)\u0000/g, (_, at: string) => kept[Number(at)] ?? "");
}

import { escapeHtml } from "../transcript.ts";

/** Slack's markup as Slack draws it. https://docs.slack.dev/messaging/formatting-message-text */
export function mrkdwnHtml(text: string): string {
  const parts = text.replaceAll(kept, "\ufffd").split("```");
  // A fence that is never closed is text.
  const isClosed = parts.length % 2 === 1;
  const whole = isClosed
    ? parts
    : [...parts.slice(0, -2), `${parts.at(-2) ?? ""}\`\`\`${parts.at(-1) ?? ""}`];
  return whole
    .map((part, index) => (index % 2 === 1 ? codeHtml(part) : linesHtml(part)))
    .filter((html) => html !== "")
    .join("");
}

/** Slack's escapes are those of HTML; what is not escaped by them must be. */
export const plainHtml = (text: string): string =>
  escapeHtml(text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));

const codeHtml = (code: string): string => `<pre>${plainHtml(code.replace(/^\n|\n$/g, ""))}</pre>`;

/** Lines that begin with `>` are quotes. */
function linesHtml(text: string): string {
  const groups: { isQuote: boolean; lines: string[] }[] = [];
  for (const line of text.replace(/^\n|\n$/g, "").split("\n")) {
    const quoted = /^(?:>|&gt;) ?(.*)$/.exec(line);
    const last = groups.at(-1);
    const content = quoted?.[1] ?? line;
    if (last && last.isQuote === (quoted !== null)) last.lines.push(content);
    else groups.push({ isQuote: quoted !== null, lines: [content] });
  }
  return groups
    .map(({ isQuote, lines }) => {
      const inner = inlineHtml(lines.join("\n")).replaceAll(/^\n+|\n+$/g, "");
      if (inner.trim() === "") return "";
      return isQuote ? `<blockquote>${inner}</blockquote>` : `<p>${inner}</p>`;
    })
    .join("");
}

/** What must not be looked at again is set aside, and put back in the end. */
function inlineHtml(text: string): string {
  const aside: string[] = [];
  const keep = (html: string): string => `\ue000${aside.push(html) - 1}\ue001`;
  const marked = text
    .replaceAll(/`([^`\n]+)`/g, (_, code: string) => keep(`<code>${plainHtml(code)}</code>`))
    .replaceAll(/<([^<>\n]+)>/g, (_, meant: string) => keep(entityHtml(meant)));
  const styled = plainHtml(marked)
    .replaceAll(styleOf("\\*"), "$1<b>$2</b>")
    .replaceAll(styleOf("_"), "$1<i>$2</i>")
    .replaceAll(styleOf("~"), "$1<s>$2</s>");
  return styled.replaceAll(/\ue000(\d+)\ue001/g, (_, index: string) => aside[Number(index)] ?? "");
}

const kept = /[\ue000\ue001]/g;

/** A mark holds between words, within a line. */
const styleOf = (mark: string): RegExp =>
  new RegExp(
    `(^|[\\s(\\[{"'>*_~–—-])${mark}(?=\\S)([^\\n${mark}]*[^\\s${mark}])${mark}(?![\\p{L}\\p{N}])`,
    "gu",
  );

/** `<…>`: an address, a person, a channel, or a call to many. */
function entityHtml(meant: string): string {
  const [target = "", label] = meant.split("|", 2);
  if (target.startsWith("@")) return mention(`@${label ?? target.slice(1)}`);
  if (target.startsWith("#")) return mention(`#${label ?? target.slice(1)}`);
  if (target.startsWith("!")) {
    const name = target.slice(1).split("^")[0] ?? "";
    return `<span class="mention calls-all">@${plainHtml(label ?? name)}</span>`;
  }
  const shown = plainHtml(label ?? target);
  const isAddress = /^(?:https?:\/\/|mailto:)/i.test(target);
  return isAddress ? `<a href="${plainHtml(target)}">${shown}</a>` : shown;
}

const mention = (text: string): string => `<span class="mention">${plainHtml(text)}</span>`;

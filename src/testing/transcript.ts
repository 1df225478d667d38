import { transcriptStyle } from "./transcript-style.ts";

/** All that happened on a platform's twin, for people to look at. */
export interface Transcript {
  readonly title: string;
  readonly threads: readonly TranscriptThread[];
}

export interface TranscriptThread {
  /** Where it is, such as `#ops`. */
  readonly place: string;
  readonly messages: readonly TranscriptMessage[];
}

export interface TranscriptMessage {
  readonly author: string;
  readonly isBot: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Made by the twin of its platform's markup: it stands in the page as it is, so everything in it must be escaped. */
  readonly html: string;
  /** What became of it, such as `edited`, `deleted`, `only visible to ann`. The page shows what is deleted as such. */
  readonly notes: readonly string[];
  readonly buttons: readonly TranscriptButton[];
  readonly files: readonly TranscriptFile[];
  /** As they are shown, such as `👍 2`. */
  readonly reactions: readonly string[];
  /** What it said before it was changed, oldest first. */
  readonly earlier?: readonly { readonly at: number; readonly html: string }[];
  /** Something that a person did without saying anything, such as pressing a button. */
  readonly isDeed?: boolean;
}

export interface TranscriptButton {
  readonly label: string;
  readonly style?: "primary" | "danger";
}

export interface TranscriptFile {
  readonly name: string;
  readonly mediaType?: string;
  readonly bytes: Uint8Array;
}

/** A page of its own: no scripts, nothing loaded from elsewhere. Images are shown, and the beginnings of texts. */
export function transcriptPage({ title, threads }: Transcript): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${transcriptStyle}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${threads.map(threadHtml).join("\n")}
</body>
</html>
`;
}

/** Text that a page shows as it is, also within an attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function threadHtml({ place, messages }: TranscriptThread): string {
  const count = `${messages.length} ${messages.length === 1 ? "entry" : "entries"}`;
  return `<section class="thread">
<h2>${escapeHtml(place)} <span class="count">${count}</span></h2>
${messages.map(messageHtml).join("\n")}
</section>`;
}

function messageHtml(message: TranscriptMessage): string {
  const { author, isBot, at, html, notes, isDeed = false } = message;
  const time = `<time>${new Date(at).toISOString().slice(11, 19)}</time>`;
  const name = `<span class="author">${escapeHtml(author)}</span>`;
  const said = notes.map((note) => `<span class="note">${escapeHtml(note)}</span>`).join("");
  if (isDeed)
    return `<div class="deed">${avatar(author, isBot)}<div>${name} <span class="text">${html}</span> ${time}${said}</div></div>`;
  const kinds = [
    "message",
    ...(notes.some((note) => note.startsWith("deleted")) ? ["deleted"] : []),
    ...(notes.some((note) => note.startsWith("only visible")) ? ["whisper"] : []),
  ];
  return `<article class="${kinds.join(" ")}">
${avatar(author, isBot)}
<div class="body">
<header>${name}${isBot ? '<span class="badge">APP</span>' : ""}${time}${said}</header>
<div class="text">${html}</div>
${earlierHtml(message)}${message.files.map(fileHtml).join("")}${buttonsHtml(message)}${reactionsHtml(message)}
</div>
</article>`;
}

function avatar(author: string, isBot: boolean): string {
  const [initial = "?"] = author.trim().replace(/^[@#]/, "").toUpperCase();
  const hue = Array.from(author).reduce(
    (sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) % 360,
    7,
  );
  const shade = isBot ? "background:#1d1c1d" : `background:hsl(${hue} 45% 45%)`;
  return `<span class="avatar" style="${shade}">${isBot ? "⚙" : escapeHtml(initial)}</span>`;
}

function earlierHtml({ earlier = [] }: TranscriptMessage): string {
  if (earlier.length === 0) return "";
  const versions = earlier.map(
    ({ at, html }) => `<li><time>${new Date(at).toISOString().slice(11, 19)}</time> ${html}</li>`,
  );
  return `<details><summary>said before (${earlier.length})</summary><ol>${versions.join("")}</ol></details>`;
}

function fileHtml({ name, mediaType = "", bytes }: TranscriptFile): string {
  const head = `<div class="name">${escapeHtml(name)} <span class="size">${sizeText(bytes.byteLength)}</span></div>`;
  const shown = imageHtml({ name, mediaType, bytes }) ?? textHtml(bytes) ?? "";
  return `<div class="file">${head}${shown}</div>`;
}

function imageHtml({ name, mediaType = "", bytes }: TranscriptFile): string | undefined {
  if (!/^image\/(?:png|jpeg|gif|webp)$/.test(mediaType)) return undefined;
  const data = Buffer.from(bytes).toString("base64");
  return `<img alt="${escapeHtml(name)}" src="data:${mediaType};base64,${data}">`;
}

function textHtml(bytes: Uint8Array): string | undefined {
  const beginning = Buffer.from(bytes.subarray(0, maxShownBytes)).toString();
  // oxlint-disable-next-line no-control-regex -- What holds those is no text.
  if (/[\u0000-\u0008\u000e-\u001f]/.test(beginning)) return undefined;
  const lines = beginning.split("\n");
  const cut = lines.length > maxShownLines || bytes.byteLength > maxShownBytes ? "\n…" : "";
  return `<pre>${escapeHtml(lines.slice(0, maxShownLines).join("\n"))}${cut}</pre>`;
}

const maxShownBytes = 1500;
const maxShownLines = 12;

function buttonsHtml({ buttons }: TranscriptMessage): string {
  if (buttons.length === 0) return "";
  const drawn = buttons.map(
    ({ label, style = "" }) => `<span class="button ${style}">${escapeHtml(label)}</span>`,
  );
  return `<div class="buttons">${drawn.join("")}</div>`;
}

function reactionsHtml({ reactions }: TranscriptMessage): string {
  if (reactions.length === 0) return "";
  const drawn = reactions.map((each) => `<span class="reaction">${escapeHtml(each)}</span>`);
  return `<div class="reactions">${drawn.join("")}</div>`;
}

function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

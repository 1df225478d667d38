import type { Actor, Attachment } from "../../core/message.ts";
import { visibleControls, visibleLabel } from "../text/control.ts";
import { renderMarkdown } from "../text/markdown.ts";
import { paint } from "../text/paint.ts";
import { terminalRenderer } from "../text/terminal.ts";
import { usageLine } from "../text/usage-line.ts";
import { clip, wrap } from "../text/width.ts";
import type { SavedArtifact, Transcript, TranscriptEntry } from "./transcript.ts";

export interface RenderOptions {
  /** The terminal's columns, 80 by default. */
  readonly width?: number;
  /** Whether the terminal takes escape sequences; not by default. */
  readonly color?: boolean;
  /** An IANA name; the system's by default. */
  readonly timeZone?: string;
  /** What the bot is called, `opsthread` by default. */
  readonly botName?: string;
}

/** A whole thread as a person sees it in a terminal. It ends with a line break. */
export function renderTranscript(transcript: Transcript, options: RenderOptions = {}): string {
  const { bold, dim } = paint(options.color ?? false);
  const { channel, thread, entries, progress } = transcript;
  const title = `#${visibleLabel(channel)} › ${visibleLabel(thread)}`;
  const line = "─".repeat(Math.max(3, Math.min(options.width ?? 80, 80) - title.length - 4));
  const parts = [
    `${dim("──")} ${bold(title)} ${dim(line)}`,
    ...entries.map((entry) => renderEntry(entry, options)),
    ...progress.map(({ markdown }) => renderProgress(markdown, options)),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** One message, post or line of the platform, without a line break at the end. */
export function renderEntry(entry: TranscriptEntry, options: RenderOptions = {}): string {
  const { bold, cyan, dim, green, yellow } = paint(options.color ?? false);
  const time = dim(timeOf(entry.at, options.timeZone));
  const inner = (options.width ?? 80) - bodyIndent.length;
  switch (entry.type) {
    case "message": {
      const lines = [
        ...(entry.text === "" ? [] : [wrap(visibleControls(entry.text), inner)]),
        ...entry.attachments.map((attachment) => dim(attachmentLine(attachment))),
      ];
      return withBody(`${bold(green(nameOf(entry.actor)))}  ${time}`, lines);
    }
    case "post": {
      const mark = {
        answer: "",
        question: ` ${yellow("asks")}`,
        approval: ` ${yellow("asks for approval")}`,
        notice: ` ${dim("notice")}`,
      };
      const renderer = terminalRenderer({ width: inner, color: options.color ?? false });
      const text = renderMarkdown(entry.markdown, renderer);
      const files = entry.artifacts.map((artifact) => artifactLine(artifact, dim));
      const gap = text !== "" && files.length > 0 ? [""] : [];
      const used = entry.usage ? [dim(usageLine(entry.usage))] : [];
      const body = [...(text === "" ? [] : [text]), ...gap, ...files, ...used];
      const name = visibleLabel(options.botName ?? "opsthread");
      return withBody(`${bold(cyan(name))}${mark[entry.kind]}  ${time}`, body);
    }
    case "system":
      return yellow(wrap(`! ${visibleControls(entry.text)}`, options.width ?? 80));
    default:
      return entry satisfies never;
  }
}

/** The live progress line of a turn: a single line, so that it can be drawn over. */
export function renderProgress(markdown: string, options: RenderOptions = {}): string {
  const { dim } = paint(options.color ?? false);
  const text = renderMarkdown(markdown, terminalRenderer({ width: 1000, color: false }));
  return dim(clip(`… ${visibleLabel(text)}`, options.width ?? 80));
}

const bodyIndent = "  ";

function withBody(head: string, parts: readonly string[]): string {
  const lines = parts.flatMap((part) => part.split("\n"));
  return [head, ...lines.map((line) => (bodyIndent + line).trimEnd())].join("\n");
}

/** Names are for display; where one is given, the id that decides stands with it. */
function nameOf({ id, name }: Actor): string {
  return name === undefined || name === id
    ? visibleLabel(id)
    : `${visibleLabel(name)} (${visibleLabel(id)})`;
}

function attachmentLine({ name, bytes }: Attachment): string {
  return `📎 ${visibleLabel(name)}${bytes === undefined ? "" : ` (${sizeOf(bytes)})`}`;
}

function artifactLine(artifact: SavedArtifact, dim: (text: string) => string): string {
  const label = `📄 ${visibleLabel(artifact.name)} (${sizeOf(artifact.bytes)})`;
  const place = artifact.path === undefined ? "no longer kept" : visibleControls(artifact.path);
  return `${label} ${dim(place)}`;
}

function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(1)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

function timeOf(at: number, timeZone: string | undefined): string {
  return new Date(at).toLocaleString("sv-SE", {
    dateStyle: "short",
    timeStyle: "short",
    ...(timeZone !== undefined && { timeZone }),
  });
}

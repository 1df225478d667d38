import { type Action, call, say } from "./action.ts";
import { baseName, fileKind, type FileMention } from "./file-names.ts";
import { describeFilters, filtersIn, hasFilters, type LogFilters } from "./filters.ts";
import type { Memory } from "./memory.ts";
import { calendarWordIn } from "./vocabulary.ts";

/** What is asked: the words, the files that they name, and the files that came with them. */
export interface Request {
  readonly text: string;
  readonly named: readonly FileMention[];
  readonly attached: readonly string[];
}

/** Reads the named logs, else the attached ones, else those of before, with the filters that the text asks for. */
export function planLogs(
  { text, named, attached }: Request,
  memory: Memory,
  extra: LogFilters = {},
): readonly Action[] {
  const files = logFilesOf({ named, attached }, memory);
  if (files.length === 0) return [say(noLogsText(memory))];

  const asked = { ...filtersIn(withoutNames(text, named)), ...extra };
  const isAround = asked.around !== undefined || named.some(({ line }) => line !== undefined);
  const filters = isAround ? { ...asked, context: asked.context ?? linesAround } : asked;
  const place = placeOf(filters.around, { named, files });
  if (place === "unclear") {
    return [
      say(
        `Line ${filters.around?.slice(1)} of which file? I have ${nameList(files)}. Say for example \`around line ${filters.around?.slice(1)} of ${baseName(files[0] ?? "")}\`.`,
      ),
    ];
  }
  const input = {
    files: place?.files ?? files,
    ...filters,
    around: place?.around ?? filters.around,
  };
  const day = calendarWordIn(text);
  return [
    {
      ...call("run_task", { task: "logs", input }),
      ...leadOf(input.files, filters, place?.around),
      ...(countWords.test(text) ? { counts: true } : {}),
    },
    ...(day === undefined
      ? []
      : [
          say(
            `*I did not filter by "${day}": give me a time as the logs have it, such as \`since 14:00\` or \`since 2025-03-01T14:00\`.*`,
          ),
        ]),
  ];
}

/** Lines before and after a place, where the text does not say how many. */
const linesAround = 8;
const countWords = /\bhow\s+(?:many|often)\b|\bcount\b|\bnumber\s+of\b/i;

function logFilesOf(
  { named, attached }: Pick<Request, "named" | "attached">,
  memory: Memory,
): readonly string[] {
  if (named.length > 0) return unique(named.map(({ path }) => path));
  const logs = attached.filter((file) => fileKind(file) === "log");
  if (logs.length > 0) return unique(logs);
  const readable = attached.filter((file) => fileKind(file) !== "other");
  if (readable.length > 0) return unique(readable);
  if (memory.logs !== undefined) return memory.logs.files;
  const earlier = memory.files.filter((file) => fileKind(file) === "log");
  if (earlier.length > 0) return earlier;
  const [only, another] = memory.sources;
  return only !== undefined && another === undefined ? [`/sources/${only}/**/*`] : [];
}

/** Which file a line number is of: `app.log:12` and "line 12 of app.log" say it, else there must be only one. */
function placeOf(
  around: string | undefined,
  { named, files }: { named: readonly FileMention[]; files: readonly string[] },
): { readonly around: string; readonly files: readonly string[] } | "unclear" | undefined {
  const mention = named.find(({ line }) => line !== undefined);
  if (mention !== undefined)
    return { around: `${mention.path}:${mention.line}`, files: [mention.path] };
  if (around === undefined || around === "first-error") return undefined;
  const [file, another] =
    unique(named.map(({ path }) => path)).length === 1 ? [named[0]?.path] : files;
  if (file === undefined || another !== undefined || file.includes("*")) return "unclear";
  return { around: `${file}${around.slice(around.lastIndexOf(":"))}`, files: [file] };
}

function leadOf(
  files: readonly string[],
  filters: LogFilters,
  around: string | undefined,
): { readonly lead?: string } {
  const place = around === undefined ? filters.around : baseName(around);
  const shown = { ...filters, around: place, context: undefined };
  if (!hasFilters({ ...shown, top: undefined })) return {};
  return { lead: `*${nameList(files)}: ${describeFilters(shown)}*` };
}

/** So that the words of a file's name are not taken for what is looked for. */
function withoutNames(text: string, named: readonly FileMention[]): string {
  return named.reduce(
    (rest, { at, end }) => `${rest.slice(0, at)}${",".repeat(end - at)}${rest.slice(end)}`,
    text,
  );
}

function noLogsText({ sources }: Memory): string {
  const known =
    sources.length === 0
      ? ""
      : ` or name a source (${sources.map((name) => `\`${name}\``).join(", ")}), for example \`logs ${sources[0]}\``;
  return `I have no log files to read here yet. Attach some${known === "" ? ", or give their paths: `logs /workspace/app.log`" : known}.`;
}

export function nameList(files: readonly string[]): string {
  const names = files.slice(0, 4).map((file) => `\`${shortName(file)}\``);
  const more = files.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}

function shortName(file: string): string {
  const source = /^\/sources\/([^/]+)\/\*\*\/\*$/.exec(file)?.[1];
  return source ?? (file.startsWith("/") ? file : baseName(file));
}

export function unique(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)];
}

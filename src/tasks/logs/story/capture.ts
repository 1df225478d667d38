import { detached } from "../mine/detached.ts";

/** A line as it is shown: cut, and without its neighbours. */
export interface ShownLine {
  readonly line: number;
  readonly text: string;
}

/** What stood around the first line of a pattern. */
export interface Capture {
  readonly before: readonly ShownLine[];
  readonly after: ShownLine[];
  /** The last line of a stack trace that names what was thrown, when it lies behind `after`. */
  cause: ShownLine | undefined;
  /** The last change that was reported before: a deploy, a restart, a new configuration. */
  readonly change: Change | undefined;
}

export interface Change {
  readonly file: number;
  readonly line: number;
  readonly time: number;
  readonly text: string;
}

/** Keeps the last lines of a file, and copies them when something happens. */
export interface Recorder {
  /** Takes the next line in. */
  note(line: number, text: string, continues: boolean): void;
  changed(change: Change): void;
  /** Captures the surroundings of the line that was noted last; undefined when there were enough captures. */
  capture(
    at: { readonly line: number; readonly time: number },
    options: { readonly important: boolean },
  ): Capture | undefined;
}

/** No line is shown longer. */
export const shownLength = 300;

const captureLimit = 400;
const importantLimit = 2000;
const traceLines = 8;
const lookAhead = 200;
const nearLines = 20_000;
const nearMs = 30 * 60_000;
const thrown = /^(?:Caused by: |[\w.$]*(?:Exception|Error)\b|panic: )/;

/** One recorder for each file; `budget` is shared by all of them. */
export function createRecorder({
  context,
  budget,
}: {
  readonly context: number;
  readonly budget: { captures: number };
}): Recorder {
  const ring: ShownLine[] = [];
  let open: { capture: Capture; left: number }[] = [];
  let change: Change | undefined;

  const extend = (line: number, text: string, continues: boolean): void => {
    for (const entry of open) {
      const { capture } = entry;
      entry.left -= 1;
      if (capture.after.length < (continues ? Math.max(context, traceLines) : context)) {
        capture.after.push(shown(line, text));
      } else if (continues && thrown.test(text)) capture.cause = shown(line, text);
      else if (!continues) entry.left = 0;
    }
    open = open.filter(({ left }) => left > 0);
  };

  return {
    note(line, text, continues) {
      if (open.length > 0) extend(line, text, continues);
      ring.push({ line, text });
      if (ring.length > context + 1) ring.shift();
    },
    changed: (latest) => void (change = { ...latest, text: shown(0, latest.text).text }),
    capture(at, { important }) {
      if (budget.captures >= (important ? importantLimit : captureLimit)) return undefined;
      budget.captures += 1;
      const before = ring.slice(0, -1).map(({ line, text }) => shown(line, text));
      const near = change !== undefined && isNear(change, at) ? change : undefined;
      const capture: Capture = { before, after: [], cause: undefined, change: near };
      open.push({ capture, left: lookAhead });
      return capture;
    },
  };
}

/** What changed long before is no likely cause. */
function isNear(change: Change, at: { readonly line: number; readonly time: number }): boolean {
  const near = Number.isNaN(at.time - change.time) || at.time - change.time <= nearMs;
  return near && at.line - change.line <= nearLines;
}

/** A copy of a line, cut to what is shown. */
export function shown(line: number, text: string): ShownLine {
  const cut = text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
  return { line, text: detached(cut) };
}

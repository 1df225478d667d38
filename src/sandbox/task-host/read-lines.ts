import type { TaskProgress } from "../sandbox.ts";
import type { TaskReply } from "../task-runtime.ts";
import { maxLineBytes, TaskLine } from "./protocol.ts";

/** Takes the bytes of the control stream and makes out what they say. */
export interface ControlReader {
  push(bytes: Uint8Array): void;
  /** The one reply, when there was one and all that came was understood. */
  readonly reply: TaskReply | undefined;
  /** Something came that the program never says by itself. */
  readonly isBroken: boolean;
}

export interface ControlOptions {
  onProgress(progress: TaskProgress): void;
  /** Told once, when something came that is not understood. */
  onBroken(): void;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/** Memory is bounded by the longest line that may be; progress that comes faster than it is thinned out is broken. */
export function controlReader(options: ControlOptions): ControlReader {
  const startedAt = options.now();
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let reply: TaskReply | undefined;
  let told = 0;
  let isBroken = false;

  const breakOff = (): void => {
    isBroken = true;
    pending = [];
    options.onBroken();
  };

  const take = (line: TaskLine | undefined): void => {
    if (line === undefined || reply !== undefined) return breakOff();
    if (line.type !== "progress") {
      reply = line;
      return;
    }
    told += 1;
    if (told > burst + (options.now() - startedAt) * perMs) return breakOff();
    options.onProgress(line.progress);
  };

  const keep = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return;
    pendingBytes += bytes.length;
    if (pendingBytes > maxLineBytes) return breakOff();
    pending.push(Buffer.from(bytes)); // A copy: the bytes given are the giver's.
  };

  const taken = (): string => {
    const line = Buffer.concat(pending).toString();
    pending = [];
    pendingBytes = 0;
    return line;
  };

  return {
    push(bytes) {
      const lines = splitLines(bytes);
      const last = lines.pop();
      for (const end of lines) {
        if (isBroken) return;
        keep(end);
        if (!isBroken) take(parseLine(taken()));
      }
      if (last && !isBroken) keep(last);
    },
    get reply() {
      return isBroken || pendingBytes > 0 ? undefined : reply;
    },
    get isBroken() {
      return isBroken;
    },
  };
}

function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let from = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
  return [...lines, bytes.subarray(from)];
}

/** The program itself says ten a second. */
const perMs = 0.1;
const burst = 1_000;

function parseLine(line: string): TaskLine | undefined {
  try {
    return TaskLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // No JSON.
  }
}

import { OpsthreadError } from "../../core/errors.ts";

/** One step of a long engine operation, as {@link followEngine} yields it. */
export interface EngineProgress {
  /** 0 to 1, where it is known. */
  readonly done?: number;
  readonly text: string;
}

/** What one line of the engine's answer says; every field may be missing. */
interface EngineEvent {
  readonly status?: string;
  readonly stream?: string;
  readonly error?: string;
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

const longestLine = 1 << 20;

/**
 * Reads the lines of JSON that the engine streams while it pulls, builds or imports. An error in them, or a stream
 * that breaks off, is thrown: the request itself was answered with success long before.
 * @throws {OpsthreadError} `SANDBOX_ENGINE`
 */
export async function* followEngine(
  stream: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<EngineProgress> {
  const layers = new Map<string, { readonly current: number; readonly total: number }>();
  for await (const event of eventsOf(stream)) {
    if (event.error !== undefined) throw new OpsthreadError("SANDBOX_ENGINE", event.error.trim());
    const { id, progressDetail: detail, status, stream: output } = event;
    if (id !== undefined && detail?.total !== undefined)
      layers.set(id, { current: detail.current ?? 0, total: detail.total });
    const text = (status ?? output ?? "").trim();
    if (text !== "") yield { ...doneOf(layers), text: id === undefined ? text : `${text} ${id}` };
  }
}

async function* eventsOf(stream: AsyncIterable<Uint8Array | string>): AsyncGenerator<EngineEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > longestLine)
      throw new OpsthreadError("SANDBOX_ENGINE", "Cannot read the engine's progress: endless line");
    for (const line of lines) if (line.trim() !== "") yield parse(line);
  }
  if (rest.trim() !== "") yield parse(rest);
}

function parse(line: string): EngineEvent {
  try {
    const event: unknown = JSON.parse(line);
    return typeof event === "object" && event !== null ? event : {};
  } catch {
    return { stream: line }; // Some engines mix plain text in.
  }
}

function doneOf(
  layers: ReadonlyMap<string, { readonly current: number; readonly total: number }>,
): { readonly done?: number } {
  let current = 0;
  let total = 0;
  for (const layer of layers.values()) {
    current += layer.current;
    total += layer.total;
  }
  return total === 0 ? {} : { done: Math.min(current / total, 1) };
}

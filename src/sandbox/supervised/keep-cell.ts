import { abortable } from "../../core/abort.ts";
import { OpsthreadError } from "../../core/errors.ts";
import type { Cell } from "./cell.ts";

/** The one cell of a sandbox: started when it is needed, and again when it was lost. */
export interface KeptCell {
  readonly current: Cell | undefined;
  get(options: { readonly signal: AbortSignal }): Promise<Cell>;
  /** Ends the starting or lets `go` see to the running one. */
  close(go: (cell: Cell) => Promise<void> | void): Promise<void>;
}

export function keepCell(
  first: Cell,
  start: (options: { readonly signal: AbortSignal }) => Promise<Cell>,
): KeptCell {
  const closing = new AbortController();
  let current: Cell | undefined = first;
  let starting: Promise<Cell> | undefined = Promise.resolve(first);

  const begin = async (lost: Cell | undefined): Promise<Cell> => {
    // What is left of a lost one must be gone before the next one takes its place.
    await lost?.end();
    current = await start({ signal: closing.signal });
    return current;
  };

  return {
    get current() {
      return current;
    },
    async get({ signal }) {
      closing.signal.throwIfAborted();
      if (current?.connection.isTakenOver === true)
        throw new OpsthreadError(
          "SANDBOX_BUSY",
          "Cannot use the sandbox: another process has taken it over, expected to have it alone",
        );
      if (starting === undefined || current?.connection.isOpen === false) {
        const lost = current;
        current = undefined;
        const begun = begin(lost);
        starting = begun;
        begun.catch(() => {
          if (starting === begun) starting = undefined;
        });
      }
      return abortable(starting, signal);
    },
    async close(go) {
      closing.abort();
      const cell = await starting?.catch(() => undefined);
      if (cell) await go(cell);
    },
  };
}

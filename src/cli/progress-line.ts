import type { TaskProgress } from "../sandbox/sandbox.ts";

/** One line on a terminal that shows how far something is; nothing where there is no terminal. */
export function progressLine(
  stream: NodeJS.WriteStream,
): Disposable & { show(progress: TaskProgress): void; clear(): void } {
  const clear = (): void => {
    if (stream.isTTY) stream.write("\r\u001B[K");
  };
  return {
    show({ done, text }) {
      if (!stream.isTTY) return;
      const percent = done === undefined ? "" : `${String(Math.floor(done * 100)).padStart(3)} % `;
      stream.write(`\r\u001B[K${`${percent}${text}`.slice(0, (stream.columns ?? 80) - 1)}`);
    },
    clear,
    [Symbol.dispose]: clear,
  };
}

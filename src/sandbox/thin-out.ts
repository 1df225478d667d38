import type { TaskProgress } from "./sandbox.ts";

/** Passes progress on at most ten times a second, and the last one always. */
export function thinOut(pass: (progress: TaskProgress) => void): {
  tell(progress: TaskProgress): void;
  end(): void;
} {
  let passedAt = -Infinity;
  let held: TaskProgress | undefined;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!held) return;
    passedAt = performance.now();
    pass(held);
    held = undefined;
  };
  return {
    tell({ done, text }) {
      const short = text.slice(0, maxTextLength);
      held = done === undefined ? { text: short } : { done, text: short };
      const waitMs = passedAt + intervalMs - performance.now();
      if (waitMs <= 0) flush();
      else timer ??= setTimeout(flush, waitMs);
    },
    end: flush,
  };
}

const intervalMs = 100;
const maxTextLength = 500;

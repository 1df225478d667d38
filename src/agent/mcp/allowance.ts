import type { Clock } from "../../core/clock.ts";

/**
 * Of what a server may say: so many messages at once, and so many more each second. Answers are as many as there were
 * questions, so it is only met by one that floods. Gives false when there was more.
 */
export function messageAllowance({ now }: Pick<Clock, "now">): () => boolean {
  let left = burst;
  let at = now();
  return () => {
    const then = now();
    left = Math.min(burst, left + (then - at) * perMs) - 1;
    at = then;
    return left >= 0;
  };
}

const burst = 1_000;
const perMs = 0.1;

export const floods = "it sent more messages than anybody could read";
/** Of one message. A picture is some megabytes. */
export const maxMessageBytes = 16 * 1024 * 1024;
export const tooLong = "it sent a message of more than 16 MiB";

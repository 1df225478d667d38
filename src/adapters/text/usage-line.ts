import type { TurnUsage } from "../../core/post.ts";

/** What a turn took, in one line: `3 steps · 12,345 tokens (80 % of the input cached) · $0.04 · 1 min 5 s`. */
export function usageLine(usage: TurnUsage): string {
  const { steps, inputTokens, outputTokens, cachedInputTokens = 0, usd, ms } = usage;
  const cached = inputTokens === 0 ? 0 : Math.round((100 * cachedInputTokens) / inputTokens);
  const tokens = `${number.format(inputTokens + outputTokens)} tokens`;
  return [
    `${number.format(steps)} ${steps === 1 ? "step" : "steps"}`,
    cached > 0 ? `${tokens} (${cached} % of the input cached)` : tokens,
    ...(usd === undefined ? [] : [costText(usd)]),
    timeText(ms),
  ].join(" · ");
}

const number = new Intl.NumberFormat("en-US");

const costText = (usd: number): string => (usd < 0.01 ? "< $0.01" : `$${usd.toFixed(2)}`);

function timeText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${seconds % 60} s`;
}

/**
 * How long the API asks to wait: `retry-after-ms`, `retry-after` (seconds or a date), or, at a limit, when what ran out is
 * there again. https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
 */
export function retryAfterOf(
  headers: Headers,
  { isAtLimit }: { readonly isAtLimit: boolean },
): number | undefined {
  const ms = Number.parseFloat(headers.get("retry-after-ms") ?? "");
  if (ms >= 0) return ms;
  const after = headers.get("retry-after") ?? "";
  const seconds = Number.parseFloat(after);
  if (seconds >= 0) return seconds * 1000;
  // By the API's own clock.
  const wait = Date.parse(after) - Date.parse(headers.get("date") ?? "");
  if (!Number.isNaN(wait)) return Math.max(0, wait);
  if (!isAtLimit) return undefined;
  const resets = ["requests", "tokens"]
    .filter((what) => !(Number(headers.get(`x-ratelimit-remaining-${what}`) ?? "0") > 0))
    .map((what) => durationMs(headers.get(`x-ratelimit-reset-${what}`) ?? ""))
    .filter((reset) => reset !== undefined);
  return resets.length === 0 ? undefined : Math.max(...resets);
}

/** `1s`, `6m0s`, `1h2m`, `120ms`. */
function durationMs(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount = "0", unit = "s"] of text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g))
    total += Number(amount) * (units[unit] ?? 0);
  return total;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

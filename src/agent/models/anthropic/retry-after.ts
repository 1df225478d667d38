/**
 * How long an answer asks to wait: the header made for that, else until the last limit that is used up fills again.
 * https://platform.claude.com/docs/en/api/rate-limits#response-headers
 */
export function retryAfterMs(headers: Headers | undefined): number | undefined {
  if (headers === undefined) return undefined;
  // The server's own time: the clock here may be another.
  const now = Date.parse(headers.get("date") ?? "");
  const after = headers.get("retry-after");
  if (after !== null) return waitOf(after, now);
  const resets = limits
    .filter((limit) => headers.get(`anthropic-ratelimit-${limit}-remaining`) === "0")
    .map((limit) => Date.parse(headers.get(`anthropic-ratelimit-${limit}-reset`) ?? "") - now)
    .filter((wait) => wait > 0);
  return resets.length > 0 ? Math.max(...resets) : undefined;
}

const limits = ["requests", "tokens", "input-tokens", "output-tokens"];

/** Seconds, or a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function waitOf(value: string, now: number): number | undefined {
  const seconds = Number(value);
  const wait = Number.isNaN(seconds) ? Date.parse(value) - now : seconds * 1_000;
  return wait >= 0 ? wait : undefined;
}

import { retryAfterMs, serverTime } from "../retry-after.ts";

/**
 * How long an answer asks to wait: the header made for that, else until the last limit that is used up fills again.
 * https://platform.claude.com/docs/en/api/rate-limits#response-headers
 */
export function waitMs(headers: Headers): number | undefined {
  const resets = limits
    .filter((limit) => headers.get(`anthropic-ratelimit-${limit}-remaining`) === "0")
    .map(
      (limit) =>
        Date.parse(headers.get(`anthropic-ratelimit-${limit}-reset`) ?? "") - serverTime(headers),
    )
    .filter((wait) => wait > 0);
  return retryAfterMs(headers) ?? (resets.length > 0 ? Math.max(...resets) : undefined);
}

const limits = ["requests", "tokens", "input-tokens", "output-tokens"];

/** How long an answer asks to wait; undefined when it does not say. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function retryAfterMs(headers: Headers): number | undefined {
  const precise = headers.get("retry-after-ms");
  const after = headers.get("retry-after");
  const wait =
    precise !== null
      ? Number(precise)
      : after === null
        ? NaN
        : Number.isNaN(Number(after))
          ? Date.parse(after) - serverTime(headers)
          : Number(after) * 1_000;
  return wait >= 0 ? wait : undefined;
}

/** The server's own time: the clock here may be another. */
export const serverTime = (headers: Headers): number => Date.parse(headers.get("date") ?? "");

import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a request is Slack's, and of now: else a copy of one could be shown again at any later time.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function isSigned(
  { headers, body }: { readonly headers: IncomingHttpHeaders; readonly body: Buffer },
  { signingSecret, now }: { readonly signingSecret: string; readonly now: number },
): boolean {
  const { "x-slack-signature": signature, "x-slack-request-timestamp": sentAt } = headers;
  if (typeof signature !== "string" || typeof sentAt !== "string") return false;
  if (!/^\d{1,12}$/.test(sentAt) || Math.abs(now / 1000 - Number(sentAt)) > maxSkewS) return false;
  const [, digest = ""] = /^v0=([0-9a-f]{64})$/.exec(signature) ?? [];
  const given = Buffer.from(digest, "hex");
  const expected = createHmac("sha256", signingSecret)
    .update(`v0:${sentAt}:`)
    .update(body)
    .digest();
  return given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
}

const maxSkewS = 300;

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { addAbortSignal } from "node:stream";

/** The bytes of a request, as they came: the signature is of them. Undefined where they are too many. */
export async function bodyOf(
  incoming: IncomingMessage,
  { signal }: { readonly signal: AbortSignal },
): Promise<Buffer | undefined> {
  if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of addAbortSignal(signal, incoming)) {
    const bytes = Buffer.from(chunk);
    size += bytes.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** Bytes. A message has 40,000 characters at most, in several forms. */
const maxBytes = 4 * 1024 ** 2;

/** Events come as JSON, commands as a form, and all that is pressed as JSON in a form. */
export function parsedBody(headers: IncomingHttpHeaders, body: Buffer): unknown {
  const text = body.toString();
  if (!isForm(headers)) return JSON.parse(text);
  const form = new URLSearchParams(text);
  const payload = form.get("payload");
  return payload === null ? Object.fromEntries(form) : JSON.parse(payload);
}

/** Slack asks without a signature whether the certificate is good, and wants nothing else. */
export const isCertificateCheck = (headers: IncomingHttpHeaders, body: Buffer): boolean =>
  isForm(headers) && body.byteLength < 1000 && /(?:^|&)ssl_check=1(?:&|$)/.test(body.toString());

const isForm = (headers: IncomingHttpHeaders): boolean =>
  /^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "");

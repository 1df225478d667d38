import type { IncomingMessage } from "node:http";

import type { SentFile } from "./message-body.ts";

/** What a request carries: JSON, or a form with JSON and files in it. */
export async function bodyOf(
  { headers }: IncomingMessage,
  body: Buffer,
): Promise<{ readonly data: unknown; readonly files: readonly SentFile[] }> {
  const type = headers["content-type"] ?? "";
  if (body.byteLength === 0) return { data: undefined, files: [] };
  if (!type.startsWith("multipart/form-data"))
    return { data: JSON.parse(body.toString()), files: [] };
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": type },
  }).formData();
  const files: SentFile[] = [];
  let data: unknown;
  for (const [field, value] of form) {
    if (typeof value === "string") data = field === "payload_json" ? JSON.parse(value) : data;
    else
      files.push({
        field,
        name: value.name,
        mediaType: value.type,
        bytes: Buffer.from(await value.arrayBuffer()),
      });
  }
  return { data, files };
}

export async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

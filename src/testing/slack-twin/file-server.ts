import type { Exchange, ServeOptions } from "./serve.ts";

/** Takes the bytes of a file that an address was given out for. */
export function upload(
  id: string,
  { incoming, outgoing, body }: Exchange,
  { side }: ServeOptions,
): void {
  const pending = side(undefined)?.workspace.uploads.get(id);
  // The address alone is the right to it, so a token has no business there.
  const isUsable =
    pending && incoming.method === "POST" && incoming.headers.authorization === undefined;
  if (!isUsable || body.byteLength !== pending.length) return void outgoing.writeHead(400).end();
  pending.bytes = body;
  outgoing.writeHead(200).end(`OK - ${body.byteLength}`);
}

/** Gives a file to who has the token. */
export function download(
  id: string,
  { incoming, outgoing }: Exchange,
  { side, scopes, faults }: ServeOptions,
): void {
  const [, token] = /^Bearer (xoxb-\S+)$/.exec(incoming.headers.authorization ?? "") ?? [];
  const from = token === undefined ? undefined : side(token);
  const isAllowed = from && scopes.has("files:read");
  if (!isAllowed || faults.signedOut) {
    // No 401: a page to sign in.
    outgoing.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    return void outgoing.end("<!DOCTYPE html><html><title>Sign in | Slack</title></html>");
  }
  const file = from.workspace.files.get(id);
  if (!file) return void outgoing.writeHead(404).end();
  outgoing.writeHead(200, {
    "content-type": file.mimetype,
    "content-length": file.bytes.byteLength,
  });
  outgoing.end(file.bytes);
}

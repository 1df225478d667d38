import { takeFault } from "./faults.ts";
import type { Exchange, ServeOptions } from "./serve.ts";

/** Takes the bytes of a file that an address was given out for. */
export async function upload(
  id: string,
  { incoming, outgoing, body }: Exchange,
  { side, faults }: ServeOptions,
): Promise<void> {
  const pending = side(undefined)?.workspace.uploads.get(id);
  // The address alone is the right to it, so a token has no business there.
  const isUsable =
    pending && incoming.method === "POST" && incoming.headers.authorization === undefined;
  if (!isUsable || body.byteLength !== pending.length) return void outgoing.writeHead(400).end();
  const fault = await meet("upload", { id, outgoing, faults });
  if (fault !== "spoilt") pending.bytes = body;
  if (fault === "fine") outgoing.writeHead(200).end(`OK - ${body.byteLength}`);
}

/** Gives a file to who has the token. */
export async function download(
  id: string,
  { incoming, outgoing }: Exchange,
  { side, scopes, faults }: ServeOptions,
): Promise<void> {
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
  if ((await meet("download", { id, outgoing, faults })) !== "fine") return;
  outgoing.writeHead(200, {
    "content-type": file.mimetype,
    "content-length": file.bytes.byteLength,
  });
  outgoing.end(file.bytes);
}

/** What goes wrong with a file's bytes: `spoilt` where they did not get through, `told` where only the answer is another. */
async function meet(
  method: "upload" | "download",
  {
    id,
    outgoing,
    faults,
  }: { readonly id: string } & Pick<Exchange, "outgoing"> & Pick<ServeOptions, "faults">,
): Promise<"fine" | "told" | "spoilt"> {
  const fault = takeFault(faults, { method, args: new URLSearchParams({ id }) });
  switch (fault?.type) {
    case undefined:
      return "fine";
    case "slow":
    case "late":
      await fault.until;
      return "fine";
    case "drop":
      outgoing.destroy();
      return fault.taken ? "told" : "spoilt";
    case "status":
      outgoing.writeHead(fault.status).end();
      return fault.taken ? "told" : "spoilt";
    case "rate-limited":
      outgoing.writeHead(429, { "retry-after": String(fault.retryAfterS) }).end();
      return "spoilt";
    case "error":
      outgoing.writeHead(400).end(fault.error);
      return "spoilt";
  }
}

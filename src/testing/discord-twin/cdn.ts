import { createHmac } from "node:crypto";
import type { ServerResponse } from "node:http";

import type { Clock } from "../../core/clock.ts";
import type { ServerSide } from "./server-side.ts";

/** Signs the address of a file for a day: https://discord.com/developers/docs/reference#signed-attachment-cdn-urls */
export function signer(clock: Clock): {
  readonly sign: (path: string) => string;
  readonly isGood: (path: string, query: URLSearchParams) => boolean;
} {
  const mark = (path: string, ex: string): string =>
    createHmac("sha256", "twin").update(`${path} ${ex}`).digest("hex");
  return {
    sign(path) {
      const now = Math.floor(clock.now() / 1000);
      const ex = (now + 86_400).toString(16);
      return `ex=${ex}&is=${now.toString(16)}&hm=${mark(path, ex)}`;
    },
    isGood(path, query) {
      const ex = query.get("ex") ?? "";
      return mark(path, ex) === query.get("hm") && Number.parseInt(ex, 16) * 1000 > clock.now();
    },
  };
}

/** Gives a file to whoever has its address, as long as that is good. */
export function serveFile({
  pathname,
  query,
  outgoing,
  side: { state, faults, isGood },
}: {
  readonly pathname: string;
  readonly query: URLSearchParams;
  readonly outgoing: ServerResponse;
  readonly side: ServerSide;
}): void {
  const [, , channelId = "", id = ""] = pathname.split("/");
  const posted = state.channel(channelId)?.messages.flatMap(({ files }) => files) ?? [];
  const file = state.commandFiles.get(id) ?? posted.find((each) => each.id === id);
  if (!file || faults.lostFiles.has(id) || !isGood(pathname, query))
    return void outgoing
      .writeHead(404, { "content-type": "text/plain" })
      .end("This content is no longer available.");
  outgoing.writeHead(200, {
    "content-type": file.mediaType,
    "content-length": file.bytes.byteLength,
  });
  outgoing.end(file.bytes);
}

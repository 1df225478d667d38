import { z } from "zod";

import { checkBlocks } from "./blocks.ts";
import { Refusal } from "./refusal.ts";
import type { Exchange, ServeOptions } from "./serve.ts";

/** An address by which the app may tell somebody something: five times within half an hour. */
export interface ResponseUrl {
  uses: number;
  readonly until: number;
  readonly show: (text: string) => void;
}

export const maxUses = 5;
export const usableMs = 30 * 60_000;

/** Takes what the app tells by such an address. */
export function respondAt(id: string, { outgoing, body }: Exchange, { side }: ServeOptions): void {
  const workspace = side(undefined)?.workspace;
  const url = workspace?.responses.get(id);
  const refuse = (status: number, error: string): void =>
    void outgoing.writeHead(status).end(JSON.stringify({ ok: false, error }));
  if (!workspace || !url) return refuse(404, "no_such_url");
  if (url.uses >= maxUses) return refuse(404, "used_url");
  if (workspace.now() > url.until) return refuse(404, "expired_url");
  url.uses += 1;
  const parsed = Response.safeParse(JSON.parse(body.toString()));
  if (!parsed.success) return refuse(400, "invalid_payload");
  try {
    if (parsed.data.blocks) checkBlocks(parsed.data.blocks);
  } catch (error) {
    if (error instanceof Refusal) return refuse(400, error.message);
    throw error;
  }
  url.show(parsed.data.text);
  outgoing.writeHead(200).end("ok");
}

const Response = z.strictObject({
  response_type: z.enum(["ephemeral", "in_channel"]).optional(),
  replace_original: z.boolean().optional(),
  delete_original: z.boolean().optional(),
  text: z.string().min(1).max(40_000),
  blocks: z.array(z.unknown()).optional(),
});

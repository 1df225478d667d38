import type { IncomingMessage, ServerResponse } from "node:http";

import { takeFault } from "./faults.ts";
import { assistantMethods } from "./methods/assistant.ts";
import { channelMethods } from "./methods/channels.ts";
import { chatMethods } from "./methods/chat.ts";
import { fileMethods } from "./methods/files.ts";
import { oauthMethods } from "./methods/oauth.ts";
import { reactionMethods } from "./methods/reactions.ts";
import { readingMethods } from "./methods/reading.ts";
import { streamingMethods } from "./methods/streaming.ts";
import { viewMethods } from "./methods/views.ts";
import { paramsOf } from "./params.ts";
import { Refusal } from "./refusal.ts";
import type { Exchange, ServeOptions } from "./serve.ts";

/** Answers a call of the Web API, if nothing goes wrong on the way. */
export async function callMethod(
  method: string,
  { incoming, outgoing, body, query, url }: Exchange,
  options: ServeOptions,
): Promise<void> {
  const { calls, faults, rates, scopes } = options;
  const args = new URLSearchParams([...query, ...new URLSearchParams(body.toString())]);
  calls.push(method);
  const channel = args.get("channel") ?? args.get("channel_id") ?? "";
  const retryAfterS = rates.take({ method, channel });
  if (retryAfterS !== undefined) {
    options.limited.push(method);
    return tooMany(outgoing, retryAfterS);
  }
  const fault = takeFault(faults, { method, args });
  const call = { method, args, token: tokenOf(incoming) ?? args.get("token") ?? undefined };
  switch (fault?.type) {
    case "rate-limited":
      return tooMany(outgoing, fault.retryAfterS);
    case "drop":
      if (fault.taken) perform(call, options, url);
      return void outgoing.destroy();
    case "status":
      if (fault.taken) perform(call, options, url);
      return void outgoing.writeHead(fault.status).end("<html></html>");
    case "slow":
      await fault.until;
      break;
    case "late": {
      const done = perform(call, options, url);
      await fault.until;
      return answer(outgoing, done, scopes);
    }
    case "error":
    case undefined:
  }
  const result =
    fault?.type === "error" ? { ok: false, error: fault.error } : perform(call, options, url);
  answer(outgoing, result, scopes);
}

function answer(outgoing: ServerResponse, result: object, scopes: ReadonlySet<string>): void {
  outgoing.writeHead(200, {
    "content-type": "application/json; charset=utf-8",
    "x-oauth-scopes": [...scopes].join(","),
  });
  outgoing.end(JSON.stringify(result));
}

function tooMany(outgoing: ServerResponse, retryAfterS: number): void {
  outgoing.writeHead(429, { "retry-after": String(retryAfterS) });
  outgoing.end(JSON.stringify({ ok: false, error: "ratelimited" }));
}

interface Call {
  readonly method: string;
  readonly args: URLSearchParams;
  readonly token: string | undefined;
}

function perform(
  { method, args, token }: Call,
  { tokens, scopes, side: sideOf }: ServeOptions,
  url: string,
): object {
  try {
    const known = methods[method];
    if (!known) throw new Refusal("unknown_method", { req_method: method });
    if (token === undefined && !known.byNobody) throw new Refusal("not_authed");
    const side = sideOf(token);
    if (!side) throw new Refusal("invalid_auth");
    if ((token === tokens.app) !== (known.byApp ?? false))
      throw new Refusal("not_allowed_token_type");
    const { scope } = known;
    if (scope !== undefined && !scopes.has(scope))
      throw new Refusal("missing_scope", { needed: scope, provided: [...scopes].join(",") });
    return { ok: true, ...known.run(paramsOf(args), { ...side, url }) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ok: false, error: error.error, ...error.more };
  }
}

const methods = {
  ...assistantMethods,
  ...channelMethods,
  ...chatMethods,
  ...fileMethods,
  ...oauthMethods,
  ...reactionMethods,
  ...readingMethods,
  ...streamingMethods,
  ...viewMethods,
};

const tokenOf = ({ headers }: IncomingMessage): string | undefined =>
  /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];

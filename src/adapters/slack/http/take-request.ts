import type { IncomingMessage, ServerResponse } from "node:http";

import { z } from "zod";

import { abortable } from "../../../core/abort.ts";
import type { Clock } from "../../../core/clock.ts";
import { messageOf } from "../../../core/errors.ts";
import type { Logger } from "../../../core/logger.ts";
import type { HandleEvent } from "../handle-event.ts";
import { bodyOf, isCertificateCheck, parsedBody } from "./body.ts";
import { isSigned } from "./signature.ts";

/**
 * Answers one request of Slack's: with 200 only when what it tells is stored. Bolt's receiver would take timestamps of the
 * future, and check the text of the body in the place of its bytes.
 */
export async function takeRequest(
  { incoming, outgoing }: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse },
  {
    signingSecret,
    handle,
    clock,
    log,
  }: {
    readonly signingSecret: string;
    readonly handle: HandleEvent;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Promise<void> {
  const { headers } = incoming;
  const settled = new AbortController();
  const tooLate = new AbortController();
  void clock.sleep(answerMs, settled).then(
    () => tooLate.abort(new Error("it took too long")),
    () => {}, // It was answered.
  );
  try {
    const body = await bodyOf(incoming, tooLate);
    if (!body) return end(outgoing, 413);
    if (!isSigned({ headers, body }, { signingSecret, now: clock.now() }))
      return end(outgoing, isCertificateCheck(headers, body) ? 200 : 401);
    const told = readable(() => parsedBody(headers, body));
    if (!told) return end(outgoing, 400);
    const challenge = Challenge.safeParse(told.body);
    const answer = challenge.success
      ? { challenge: challenge.data.challenge }
      : await abortable(handle(told.body), tooLate.signal);
    end(outgoing, 200, answer);
  } catch (error) {
    const retry = headers["x-slack-retry-num"];
    log.warn(
      { error: messageOf(error), retry },
      "What Slack told was not stored; it will tell it again",
    );
    end(outgoing, 500);
  } finally {
    settled.abort();
  }
}

/** Slack waits for three seconds, and the answer has a way to go. */
const answerMs = 2700;

const Challenge = z.object({ type: z.literal("url_verification"), challenge: z.string() });

function readable(read: () => unknown): { readonly body: unknown } | undefined {
  try {
    return { body: read() };
  } catch {
    return undefined; // Not what its content type says.
  }
}

function end(outgoing: ServerResponse, status: number, answer?: object): void {
  if (outgoing.destroyed || outgoing.headersSent) return;
  // Unread bytes of a body would be taken for the next request.
  if (status === 413) outgoing.setHeader("connection", "close");
  if (answer) outgoing.setHeader("content-type", "application/json; charset=utf-8");
  outgoing.writeHead(status).end(answer && JSON.stringify(answer));
}

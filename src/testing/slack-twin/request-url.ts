import { createHmac } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { linkedController } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { ackMs, type Delivered } from "./delivery.ts";

/** An app's address for events, commands and all that is pressed. */
export interface RequestUrl {
  /** Tells it once, `times` side by side. `reason`: why it was not acknowledged before. */
  tell(
    delivered: Delivered,
    options: {
      readonly attempts: number;
      readonly times: number;
      readonly reason: string;
      readonly signal: AbortSignal;
    },
  ): Promise<Outcome>;
  /** Resolves when the app has answered all that it was told, and what it was told again at once. */
  answered(): Promise<void>;
}

/** What became of telling something. */
export interface Outcome {
  readonly status: "ok" | "timeout" | "http_error" | "http_timeout" | "connection_failed";
  /** The app wants it never again. */
  readonly isFinal?: boolean;
  readonly answer?: string;
}

/**
 * Proves that the address is the app's, then tells what happens there, signed.
 * https://docs.slack.dev/apis/events-api/using-http-request-urls
 */
export async function openRequestUrl(
  url: string,
  {
    signingSecret,
    clock,
    onLate,
  }: {
    readonly signingSecret: string;
    readonly clock: Clock;
    readonly onLate: (about: string) => void;
  },
): Promise<RequestUrl> {
  const underWay = new Set<Promise<Outcome>>();
  const send = (body: string, more: Readonly<Record<string, string>>): Promise<Outcome> => {
    const outcome = request(body, more).finally(() => underWay.delete(outcome));
    underWay.add(outcome);
    return outcome;
  };
  const request = async (
    body: string,
    more: Readonly<Record<string, string>>,
  ): Promise<Outcome> => {
    try {
      const headers = { ...signatureOf(body, { signingSecret, now: clock.now() }), ...more };
      const response = await fetch(url, { method: "POST", body, headers, redirect: "manual" });
      const answer = await response.text();
      if (response.ok) return { status: "ok", answer };
      return { status: "http_error", isFinal: response.headers.get("x-slack-no-retry") === "1" };
    } catch {
      return { status: "connection_failed" };
    }
  };
  /** What is sent goes on, so that an answer that comes too late is seen. */
  const inTime = async (
    delivered: Delivered,
    { retry, signal }: { readonly retry: Record<string, string>; readonly signal: AbortSignal },
  ): Promise<Outcome> => {
    const { body, type } = encoded(delivered);
    using linked = linkedController(signal);
    const over = linked.controller;
    const outcome = await Promise.race([
      send(body, { "content-type": type, ...retry }).then((sent) => {
        if (sent.status === "ok" && over.signal.aborted && !signal.aborted) onLate(delivered.about);
        return sent;
      }),
      clock.sleep(ackMs, { signal: over.signal }).then(
        (): Outcome => ({ status: "http_timeout" }),
        (): Outcome => ({ status: "http_timeout", isFinal: true }), // It was answered, or the twin ends.
      ),
    ]);
    over.abort();
    return outcome;
  };

  const challenge = `challenge-${clock.now()}`;
  const asked = JSON.stringify({ type: "url_verification", token: "verification", challenge });
  const { status, answer = "" } = await send(asked, { "content-type": json });
  if (status !== "ok" || !answer.includes(challenge))
    throw new Error(`The request URL did not answer the challenge: ${status} ${answer}`);

  return {
    async tell(delivered, { attempts, times, reason, signal }) {
      const retry: Record<string, string> =
        attempts > 0
          ? { "x-slack-retry-num": String(attempts), "x-slack-retry-reason": reason }
          : {};
      const outcomes = await Promise.all(
        Array.from({ length: times }, () => inTime(delivered, { retry, signal })),
      );
      const [first] = outcomes;
      const failed = outcomes.find((outcome) => outcome.status !== "ok");
      if (failed || !first) return failed ?? { status: "connection_failed" };
      delivered.answered?.(parsed(first.answer));
      return first;
    },
    async answered() {
      while (underWay.size > 0) {
        await Promise.all(underWay);
        await setImmediate();
      }
    },
  };
}

const json = "application/json";
const form = "application/x-www-form-urlencoded";

function encoded({ type, payload }: Delivered): { readonly body: string; readonly type: string } {
  switch (type) {
    case "events_api":
      return { body: JSON.stringify(payload), type: json };
    case "interactive": {
      const body = new URLSearchParams({ payload: JSON.stringify(payload) });
      return { body: body.toString(), type: form };
    }
    case "slash_commands": {
      const fields = Object.entries(payload).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]);
      return { body: new URLSearchParams(fields).toString(), type: form };
    }
  }
}

/** As Slack signs: https://docs.slack.dev/authentication/verifying-requests-from-slack */
export function signatureOf(
  body: string,
  { signingSecret, now }: { readonly signingSecret: string; readonly now: number },
): Readonly<Record<string, string>> {
  const at = Math.floor(now / 1000);
  const digest = createHmac("sha256", signingSecret).update(`v0:${at}:${body}`).digest("hex");
  return {
    "x-slack-request-timestamp": String(at),
    "x-slack-signature": `v0=${digest}`,
    "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
  };
}

function parsed(answer = ""): unknown {
  if (answer === "") return undefined;
  try {
    return JSON.parse(answer);
  } catch (error) {
    throw new Error(`The acknowledgement is no JSON: ${messageOf(error)}`, { cause: error });
  }
}

import { generateKeyPairSync, sign } from "node:crypto";

import type { Clock } from "../../core/clock.ts";

/** The way of interactions over HTTP: https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint */
export interface TwinEndpoint {
  /** 64 hexadecimal digits. */
  readonly publicKey: string;
  /** Asks the address whether it is one, with a good signature and a bad one, as Discord does before it takes it. */
  readonly use: (url: string) => Promise<void>;
  /** False where none is set. */
  readonly send: (payload: object) => boolean;
  idle(): Promise<void>;
}

export function endpointOf(clock: Clock): TwinEndpoint {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const sending = new Set<Promise<void>>();
  let address: string | undefined;
  const post = async (url: string, payload: object, isGood = true): Promise<Response> => {
    const body = JSON.stringify(payload);
    const timestamp = String(Math.floor(clock.now() / 1000));
    const signature = sign(null, Buffer.from(timestamp + (isGood ? body : "x")), privateKey);
    return fetch(url, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "x-signature-ed25519": signature.toString("hex"),
        "x-signature-timestamp": timestamp,
      },
    });
  };
  return {
    publicKey: publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex"),
    async use(url) {
      const good = await post(url, { type: 1 });
      const bad = await post(url, { type: 1 }, false);
      const answer: unknown = good.ok ? await good.json() : undefined;
      const isPong =
        typeof answer === "object" && answer !== null && "type" in answer && answer.type === 1;
      if (!isPong || bad.status !== 401)
        throw new TypeError(
          "interactions_endpoint_url: the specified interactions endpoint URL could not be verified.",
        );
      address = url;
    },
    send(payload) {
      if (address === undefined) return false;
      const sent = post(address, payload)
        .then(async (response) => response.body?.cancel())
        .catch(() => {}) // Nobody there: the person is told so by the app.
        .finally(() => sending.delete(sent));
      sending.add(sent);
      return true;
    },
    async idle() {
      await Promise.all(sending);
    },
  };
}

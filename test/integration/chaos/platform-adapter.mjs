// The adapter of `platform.ts`: events are fetched and acknowledged, posts carry their keys.
import { setTimeout } from "node:timers/promises";

import { OpsthreadError } from "opsthread";

export function platformAdapter(url) {
  const ending = new AbortController();
  let listening = Promise.resolve();

  async function call(route, body, { signal }) {
    const response = await fetch(`${url}/${route}`, {
      method: "POST",
      body: JSON.stringify(body),
      // One of its own: fetch leaves listeners on what it is given.
      signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]),
    });
    if (response.status === 503) throw failure("ADAPTER_POST_FAILED", "not taken");
    if (response.status === 429)
      throw failure("ADAPTER_RATE_LIMITED", "too many", { retryAfterMs: 200 });
    if (!response.ok) throw failure("ADAPTER_POST_UNKNOWN", `status ${response.status}`);
    return await response.json();
  }

  async function listen(inbound, signal) {
    while (!signal.aborted) {
      try {
        const { id, message } = await call("next", {}, { signal });
        if (id === undefined) continue;
        await inbound.receive(message);
        await call("ack", { id }, { signal });
      } catch {
        // Not acknowledged: it comes again.
        if (!signal.aborted) await setTimeout(100);
      }
    }
  }

  return {
    platform: "twin",
    async start(inbound) {
      const { signal } = ending;
      listening = Promise.all([1, 2, 3, 4].map(() => listen(inbound, signal)));
    },
    async post({ key, kind, markdown, thread }, { signal }) {
      return await call("post", { thread, post: { key, kind, markdown } }, { signal });
    },
    async findPost(thread, key, { signal }) {
      const { messageId } = await call("find", { thread, key }, { signal });
      return messageId === undefined ? undefined : { messageId };
    },
    async showProgress() {},
    async *download() {},
    async [Symbol.asyncDispose]() {
      ending.abort();
      await listening;
    },
  };
}

function failure(code, text, data = {}) {
  return new OpsthreadError(code, `Cannot post: ${text}`, { data });
}

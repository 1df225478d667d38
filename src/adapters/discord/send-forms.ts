import type { RESTOptions } from "discord.js";

/**
 * Sends as discord.js does, but forms with files as bytes. Which version of undici sends for a whole process is decided by
 * who loads first: the one that Slack's client brings along does not know the forms of discord.js' own.
 */
export async function sendForms(): Promise<RESTOptions["makeRequest"]> {
  const { DefaultRestOptions } = await import("discord.js");
  const send = DefaultRestOptions.makeRequest;
  return async (url, init) => {
    if (!(init.body instanceof FormData)) return send(url, init);
    const form = new Response(init.body);
    const headers = Object.assign({}, init.headers, {
      "content-type": form.headers.get("content-type") ?? "",
    });
    return send(url, { ...init, headers, body: new Uint8Array(await form.arrayBuffer()) });
  };
}

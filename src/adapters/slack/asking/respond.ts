import { linkedController } from "../../../core/abort.ts";
import { spoken } from "../spoken.ts";

/**
 * Tells who asked something, and nobody else, by the address that came with what they asked. Slack takes five of these
 * within half an hour. https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
 */
export async function respond(
  responseUrl: string,
  text: string,
  { apiUrl, signal }: { readonly apiUrl: string; readonly signal: AbortSignal },
): Promise<void> {
  const url = new URL(responseUrl);
  const isSlacks =
    url.origin === new URL(apiUrl).origin ||
    (url.protocol === "https:" && /^hooks\.slack(?:-gov)?\.com$/.test(url.hostname));
  if (!isSlacks) throw new Error("the address is not Slack's");
  using limit = linkedController(signal, AbortSignal.timeout(10_000));
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify({ response_type: "ephemeral", replace_original: false, ...spoken(text) }),
    redirect: "error",
    signal: limit.controller.signal,
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`status ${response.status}`);
}

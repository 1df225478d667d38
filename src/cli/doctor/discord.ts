import { checkDiscord } from "../../adapters/discord/check.ts";
import type { Check } from "./check.ts";

/** Whether the bot's token is good, and what it may read; nothing where there is none. */
export async function checkDiscordToken(
  {
    botToken,
    apiUrl,
  }: { readonly botToken: string | undefined; readonly apiUrl: string | undefined },
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly Check[]> {
  if (!botToken) return [];
  const { ok, text, hint } = await checkDiscord({ botToken, ...(apiUrl && { apiUrl }), signal });
  return [
    { name: "Discord", status: ok ? "ok" : "fail", text, ...(hint !== undefined && { hint }) },
  ];
}

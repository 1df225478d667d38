import { recordingInbound } from "../../../src/testing/adapter-suite-support.ts";
import { openDiscord } from "./open-discord.ts";

/** An adapter that is connected, and what it brings. */
export async function started(
  options: Parameters<typeof openDiscord>[0] = {},
  ...answer: Parameters<typeof recordingInbound>
) {
  const opened = await openDiscord({ commands: "nowhere", ...options });
  const inbound = recordingInbound(...answer);
  try {
    await opened.adapter.start(inbound);
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
  return { ...opened, inbound };
}

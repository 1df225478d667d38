import { Stopped } from "../../../core/abort.ts";
import type { ResponsesClient } from "./client.ts";

/**
 * Cancels a response in the background: it goes on, and costs, until it is told not to. Unless somebody is to take it up:
 * then it is left to them, as a command in a sandbox is.
 */
export async function abandon(
  responseId: string,
  { client, reason }: { readonly client: ResponsesClient; readonly reason: unknown },
): Promise<void> {
  if (reason instanceof Stopped && ["shutdown", "lease-lost"].includes(reason.by)) return;
  try {
    await client.cancel(responseId, AbortSignal.timeout(waitMs));
  } catch {
    // It ends by itself some time; whoever stopped it does not wait for that.
  }
}

const waitMs = 300;

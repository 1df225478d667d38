import { OpsthreadError } from "../../core/errors.ts";
import type { WantedIntents } from "./intents.ts";

/**
 * What it means that Discord ended a connection for good, and what to do about it.
 * https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
 */
export function connectionEnded(
  code: number,
  {
    intents,
    applicationId,
    shards,
  }: {
    readonly intents: WantedIntents;
    readonly applicationId: string;
    readonly shards: number;
  },
): OpsthreadError {
  const page = `https://discord.com/developers/applications/${applicationId}/bot`;
  switch (code) {
    case 4004:
      return invalid(
        `Cannot use botToken: Discord does not accept it (4004); reset it at ${page}. Discord itself takes a token away that begins more than 1,000 sessions a day`,
      );
    case 4010:
    case 4011:
      return invalid(
        `Cannot use shards: Discord does not accept ${shards} for the servers that this bot is in (${code}), expected more of them, or "auto"`,
      );
    case 4014:
      return invalid(
        `Cannot use messageContent: Discord does not allow this app the privileged intents that it asks for (4014)${intents.messageContent ? `; turn on "Message Content Intent" at ${page}, or set messageContent to false, then follow-ups need a mention` : ""}`,
      );
    default:
      return new OpsthreadError(
        "ADAPTER_UNAVAILABLE",
        `Cannot stay connected: Discord ended it with ${code}`,
      );
  }
}

const invalid = (problem: string): OpsthreadError => new OpsthreadError("CONFIG_INVALID", problem);

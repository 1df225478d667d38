import type { Transport } from "@modelcontextprotocol/client";

/** Why a transport ended that was closed from here: whoever closed it knows better. */
export const wasClosed = "the connection to it was closed";

/** The way to one server. */
export interface McpTransport extends Transport {
  /** Why there is nobody at its other end any more; undefined while there is. */
  readonly endedBecause: string | undefined;
  /** Settles when nothing of it is left. Never rejects. */
  readonly ended: Promise<void>;
}

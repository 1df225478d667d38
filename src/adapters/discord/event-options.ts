import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { Inbound } from "../adapter.ts";
import type { DiscordApi } from "./api.ts";
import type { Cards } from "./cards.ts";
import type { Identity } from "./identity.ts";
import type { Places } from "./places.ts";
import type { Receiver } from "./receive.ts";
import type { Teller } from "./tell.ts";
import type { Trouble } from "./trouble.ts";

/** What everything that takes events works with. */
export interface EventOptions {
  readonly api: DiscordApi;
  readonly inbound: Inbound;
  readonly receiver: Receiver;
  readonly places: Places;
  readonly cards: Cards;
  readonly teller: Teller;
  readonly trouble: Trouble;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

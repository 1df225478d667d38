import { randomBytes } from "node:crypto";

import { refusals } from "./refusal.ts";
import type { DiscordState, TwinMessage } from "./state.ts";

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type */
export const callbackTypes = {
  message: 4,
  deferredMessage: 5,
  deferredUpdate: 6,
  update: 7,
  autocomplete: 8,
  modal: 9,
} as const;

/** What somebody did with a command, a button or a form, and what the app made of it. */
export interface TwinInteraction {
  readonly id: string;
  readonly token: string;
  readonly type: number;
  readonly user: string;
  readonly channelId: string;
  readonly at: number;
  /** The message whose button was pressed, and what is on it. */
  readonly source?: TwinMessage;
  readonly label?: string;
  /** The one acknowledgement: its type, and how long it took. */
  answered?: { readonly type: number; readonly afterMs: number };
  /** What the app answered with, or edited its deferred answer to. */
  original?: TwinMessage;
  isEphemeral: boolean;
  modal?: unknown;
  choices?: readonly { readonly name: string; readonly value: string }[];
}

export interface Interactions {
  readonly all: readonly TwinInteraction[];
  begin(
    given: Pick<TwinInteraction, "type" | "user" | "channelId" | "source" | "label">,
  ): TwinInteraction;
  /** Takes the one answer, within three seconds. */
  acknowledge(id: string, token: string, type: number): TwinInteraction;
  /** The interaction whose token may still be used: fifteen minutes, and answered already. */
  byToken(token: string): TwinInteraction;
}

export function twinInteractions(state: DiscordState): Interactions {
  const all: TwinInteraction[] = [];
  return {
    all,
    begin(given) {
      const interaction = {
        ...given,
        id: state.nextId(),
        token: randomBytes(24).toString("base64url"),
        at: state.clock.now(),
        isEphemeral: false,
      };
      all.push(interaction);
      return interaction;
    },
    acknowledge(id, token, type) {
      const found = all.find((each) => each.id === id && each.token === token);
      if (!found) throw refusals.unknownInteraction();
      if (found.answered) throw refusals.alreadyAcknowledged();
      const afterMs = state.clock.now() - found.at;
      if (afterMs > acknowledgeMs) throw refusals.unknownInteraction();
      found.answered = { type, afterMs };
      return found;
    },
    byToken(token) {
      const found = all.find((each) => each.token === token);
      if (!found?.answered) throw refusals.unknownWebhook();
      if (state.clock.now() - found.at > tokenMs) throw refusals.invalidWebhookToken();
      return found;
    },
  };
}

const acknowledgeMs = 3000;
const tokenMs = 15 * 60_000;

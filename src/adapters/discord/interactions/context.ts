import type { ThreadRef } from "../../../core/ids.ts";
import type { Message } from "../../../core/message.ts";
import type { EventOptions } from "../event-options.ts";
import type { Remembering } from "../remembering.ts";
import { givenAt } from "../snowflake.ts";
import type { Target } from "./did.ts";
import type { Interaction } from "./payload.ts";

export interface InteractionOptions extends EventOptions {
  readonly commandName: string;
}

/** What interactions are answered with. */
export interface Context extends InteractionOptions {
  /** What menus were opened on, for when the form comes back. */
  readonly targets: Remembering<Target>;
}

/** What every message that comes of an interaction has. */
export const said = (
  { id, actor }: Interaction,
  thread: ThreadRef,
): Pick<Message, "id" | "thread" | "actor" | "sentAt"> => ({
  id: `interaction:${id}`,
  thread,
  actor,
  sentAt: givenAt(id),
});

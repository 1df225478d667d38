import type { Clock } from "../../core/clock.ts";
import type { SlackEvents } from "./events.ts";
import type { SlackChannel, SlackMessage } from "./workspace.ts";

/** One thing that happened to a message. */
export type Happened = {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly channel: SlackChannel;
} & (
  | { readonly type: "posted" | "changed"; readonly message: SlackMessage }
  | { readonly type: "deleted"; readonly ts: string }
  | { readonly type: "reacted"; readonly ts: string; readonly name: string }
  | {
      readonly type: "pressed";
      readonly user: string;
      readonly label: string;
      readonly message: SlackMessage;
    }
);

/** Writes down what is told to the app, in its order; what is deleted stays there. */
export function recorded(
  events: SlackEvents,
  { happened, clock }: { readonly happened: Happened[]; readonly clock: Clock },
): SlackEvents {
  return {
    ...events,
    posted(channel, message) {
      happened.push({ type: "posted", at: clock.now(), channel, message });
      events.posted(channel, message);
    },
    changed(channel, message, before) {
      happened.push({ type: "changed", at: clock.now(), channel, message });
      events.changed(channel, message, before);
    },
    deleted(channel, ts, before) {
      happened.push({ type: "deleted", at: clock.now(), channel, ts });
      events.deleted(channel, ts, before);
    },
    reacted(channel, reaction) {
      const { name, message } = reaction;
      happened.push({ type: "reacted", at: clock.now(), channel, ts: message.ts, name });
      events.reacted(channel, reaction);
    },
    pressed(channel, press) {
      const { user, message, action } = press;
      const label = labelOf(action);
      happened.push({ type: "pressed", at: clock.now(), channel, user, label, message });
      events.pressed(channel, press);
    },
  };
}

function labelOf(action: object): string {
  const text: unknown = Reflect.get(action, "text");
  const label: unknown = typeof text === "object" && text ? Reflect.get(text, "text") : undefined;
  return typeof label === "string" ? label : "a button";
}

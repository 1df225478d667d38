import { postedEvent } from "./events.ts";
import type { Handler } from "./handle-event.ts";
import { pressedButton } from "./press.ts";
import type { Reception } from "./reception.ts";
import { toldTwice } from "./told-twice.ts";

/** What people write: each post once, and those of a thread in their order. */
export function saidHandler(reception: Reception): Handler {
  const twice = toldTwice(reception);
  return (body, workspace) => {
    const posted = postedEvent(eventOf(body), workspace.identity);
    return (
      posted &&
      twice
        .settle(posted, async () => void (await reception.receive(posted.message, workspace)))
        .then(() => undefined)
    );
  };
}

/** The buttons that they press. */
export function pressedHandler(reception: Reception): Handler {
  return (body, workspace) => {
    const press = pressedButton(body, workspace.identity);
    return press && reception.receive(press, workspace).then(() => undefined);
  };
}

export function eventOf(body: unknown): unknown {
  return typeof body === "object" && body !== null && "event" in body ? body.event : undefined;
}

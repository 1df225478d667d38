import type { TwinEvent } from "../http-twin.ts";

/** The API's events on the wire: each is named after its type. */
export async function* sent(
  events: AsyncIterable<Readonly<Record<string, unknown>>>,
): AsyncGenerator<TwinEvent> {
  for await (const data of events) yield { event: String(data["type"]), data };
}

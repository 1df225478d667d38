import { eventsOfItem, type ApiEvent } from "./item-events.ts";
import type { ResponseBody } from "./response.ts";
import type { Ending } from "./script.ts";

/**
 * All events of a response, from its first to its last; an event's place is its `sequence_number`.
 * https://platform.openai.com/docs/api-reference/responses-streaming
 */
export function eventsOf(
  final: ResponseBody,
  { ending, isObfuscated }: { readonly ending: Ending; readonly isObfuscated: boolean },
): readonly ApiEvent[] {
  const isBackground = final["background"] === true;
  const started: ResponseBody = {
    ...final,
    status: isBackground ? "queued" : "in_progress",
    completed_at: null,
    error: null,
    incomplete_details: null,
    output: [],
    usage: null,
  };
  const events: ApiEvent[] = [
    { type: "response.created", response: started },
    ...(isBackground ? [{ type: "response.queued", response: started }] : []),
    { type: "response.in_progress", response: { ...started, status: "in_progress" } },
    ...final.output.flatMap((item, index) => eventsOfItem(item, index)),
  ];
  return numbered(ended(events, { final, ending }), isObfuscated);
}

function ended(
  events: readonly ApiEvent[],
  { final, ending }: { readonly final: ResponseBody; readonly ending: Ending },
): readonly ApiEvent[] {
  if (ending.type !== "error") {
    return [...events, { type: `response.${final.status}`, response: final }];
  }
  const { code, message, afterEvents } = ending;
  return [...events.slice(0, afterEvents), { type: "error", code, message, param: null }];
}

/** Obfuscation hides the length of what a delta holds. It is on unless the client says otherwise. */
function numbered(events: readonly ApiEvent[], isObfuscated: boolean): readonly ApiEvent[] {
  return events.map((event, index) => {
    const { delta } = event;
    const padding =
      isObfuscated && typeof delta === "string"
        ? { obfuscation: "x".repeat(16 - (delta.length % 16)) }
        : {};
    return { ...event, sequence_number: index, ...padding };
  });
}

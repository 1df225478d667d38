import type { OutputItem } from "./items.ts";

/** A streamed event; `sequence_number` is added last. */
export interface ApiEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** How an item comes about, from `response.output_item.added` to `response.output_item.done`. */
export function eventsOfItem(item: OutputItem, index: number): readonly ApiEvent[] {
  const { begun, events } = progressOf(item, { item_id: item.id, output_index: index });
  const status = "status" in item ? { status: "in_progress" } : {};
  return [
    {
      type: "response.output_item.added",
      output_index: index,
      item: { ...item, ...status, ...begun },
    },
    ...events,
    { type: "response.output_item.done", output_index: index, item },
  ];
}

interface Place {
  readonly item_id: string;
  readonly output_index: number;
}

/** What an item is without that which its events bring. */
interface Progress {
  readonly begun: object;
  readonly events: readonly ApiEvent[];
}

function progressOf(item: OutputItem, at: Place): Progress {
  switch (item.type) {
    case "message":
      return { begun: { content: [] }, events: messageEvents(item, at) };
    case "reasoning":
      return { begun: { summary: [] }, events: summaryEvents(item, at) };
    case "function_call": {
      const { name, arguments: text } = item;
      return {
        begun: { arguments: "" },
        events: [
          ...deltas("response.function_call_arguments.delta", text, at),
          { type: "response.function_call_arguments.done", ...at, name, arguments: text },
        ],
      };
    }
    case "custom_tool_call":
      return {
        begun: { input: "" },
        events: [
          ...deltas("response.custom_tool_call_input.delta", item.input, at),
          { type: "response.custom_tool_call_input.done", ...at, input: item.input },
        ],
      };
    case "shell_call":
      return {
        begun: { action: { ...item.action, commands: [] } },
        events: item.action.commands.flatMap((command, index) => commandEvents(command, index, at)),
      };
    case "apply_patch_call": {
      if (item.operation.type === "delete_file") return { begun: {}, events: [] };
      const { diff } = item.operation;
      return {
        begun: { operation: { ...item.operation, diff: "" } },
        events: [
          ...deltas("response.apply_patch_call_operation_diff.delta", diff, at),
          { type: "response.apply_patch_call_operation_diff.done", ...at, diff },
        ],
      };
    }
    case "compaction":
      return { begun: {}, events: [] };
  }
}

function messageEvents(
  { content }: Extract<OutputItem, { type: "message" }>,
  place: Place,
): readonly ApiEvent[] {
  const parts = typeof content === "string" ? [] : content;
  return parts.flatMap((part, index): readonly ApiEvent[] => {
    const at = { ...place, content_index: index };
    const added = { type: "response.content_part.added", ...at };
    const done = { type: "response.content_part.done", ...at, part };
    if (part.type === "output_text") {
      const { text } = part;
      return [
        { ...added, part: { ...part, text: "" } },
        ...deltas("response.output_text.delta", text, { ...at, logprobs: [] }),
        { type: "response.output_text.done", ...at, text, logprobs: [] },
        done,
      ];
    }
    if (part.type !== "refusal") return [];
    const { refusal } = part;
    return [
      { ...added, part: { ...part, refusal: "" } },
      ...deltas("response.refusal.delta", refusal, at),
      { type: "response.refusal.done", ...at, refusal },
      done,
    ];
  });
}

function summaryEvents(
  { summary }: Extract<OutputItem, { type: "reasoning" }>,
  place: Place,
): readonly ApiEvent[] {
  return summary.flatMap((part, index) => {
    const at = { ...place, summary_index: index };
    return [
      { type: "response.reasoning_summary_part.added", ...at, part: { ...part, text: "" } },
      ...deltas("response.reasoning_summary_text.delta", part.text, at),
      { type: "response.reasoning_summary_text.done", ...at, text: part.text },
      { type: "response.reasoning_summary_part.done", ...at, part },
    ];
  });
}

/**
 * These have no `item_id`. The SDK's types (6.49) know neither them nor the events of a patch's diff, and its helper
 * `responses.stream()` throws at them; the API sends them all the same, so a driver has to ignore what it does not know.
 */
function commandEvents(command: string, index: number, place: Place): readonly ApiEvent[] {
  const at = { output_index: place.output_index, command_index: index };
  return [
    { type: "response.shell_call_command.added", ...at, command: "" },
    ...deltas("response.shell_call_command.delta", command, at),
    { type: "response.shell_call_command.done", ...at, command },
  ];
}

/** A delta is a word and the space after it. */
function deltas(type: string, text: string, at: object): readonly ApiEvent[] {
  return (text.match(/\s*\S+\s*|\s+/g) ?? []).map((delta) => ({ type, ...at, delta }));
}

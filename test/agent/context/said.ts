import type { Item, ModelRequest } from "../../../src/agent/model.ts";
import { Transcript } from "../../../src/agent/transcript.ts";
import type { JournalEntry } from "../../../src/core/journal.ts";

/** A message of a person, as the journal has it. */
export const said = (text: string, id = text.slice(0, 20)): JournalEntry => ({
  v: 1,
  turn: 1,
  at: 0,
  type: "message",
  paths: [],
  message: {
    id,
    thread: { platform: "test", workspace: "w", channel: "c", thread: "t" },
    actor: { id: "u1", name: "Ada", roles: [] },
    kind: "mention",
    text,
    attachments: [],
    sentAt: 0,
  },
});

export function transcriptOf(entries: readonly JournalEntry[]): Transcript {
  const transcript = new Transcript();
  for (const entry of entries) transcript.apply(entry);
  return transcript;
}

/** All that a model is sent, as text, with nothing of how the harness counts. */
export const sentText = ({ instructions, tools, items }: ModelRequest): string =>
  [instructions, JSON.stringify(tools), ...items.map(textOf)].join("\n");

export function textOf(item: Item): string {
  switch (item.type) {
    case "user":
      return `${item.actor}: ${item.text} ${item.files.join(" ")}`;
    case "note":
      return item.text;
    case "assistant":
      return [
        item.response.text,
        ...item.response.toolCalls.map(({ tool, args }) => `${tool} ${args}`),
      ].join("\n");
    case "tool-result":
      return item.result.output;
  }
}

/** Throws where a vendor would: a call without its result, or a result without its call. */
export function checkPairs(items: readonly Item[]): void {
  let open: string[] = [];
  for (const item of items) {
    if (item.type === "tool-result") {
      if (!open.includes(item.call.callId)) throw new Error(`No call for ${item.call.callId}`);
      open = open.filter((id) => id !== item.call.callId);
      continue;
    }
    if (item.type !== "assistant") continue;
    if (open.length > 0) throw new Error(`No result for ${open.join(", ")}`);
    open = item.response.toolCalls.map(({ callId }) => callId);
  }
  if (open.length > 0) throw new Error(`No result for ${open.join(", ")}`);
}

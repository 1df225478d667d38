import type { Model, ModelRequest } from "../../dist/agent/model.js";

/** Answers with each word `#n` that it was asked since its last answer, some at great length, some slowly. */
export const echoModel: Model = {
  name: "opsthread/offline",
  capabilities: { contextTokens: 1_000_000 },
  async *respond(request, { signal }) {
    const words = freshWords(request);
    const most = Math.max(0, ...words.map((word) => Number(word.slice(1))));
    // A turn that takes its time shows its progress.
    if (most % 23 === 0) await pause(1500, signal);
    const filler =
      most % 31 === 0 ? "\n\nlorem ipsum dolor".repeat(1500) : most % 7 === 0 ? long : "";
    const text = `**Answer** to ${words.join(" ")}${filler}`;
    yield {
      type: "completed",
      response: { text, toolCalls: [], usage: { inputTokens: 0, outputTokens: 0 } },
    };
  },
};

/** Several messages on most platforms. */
const long = "\n\nlorem ipsum dolor sit amet".repeat(400);

function freshWords({ items }: ModelRequest): readonly string[] {
  const last = items.findLastIndex(({ type }) => type === "assistant");
  return items
    .slice(last + 1)
    .flatMap((item) => (item.type === "user" ? (item.text.match(/#\d+/g) ?? []) : []));
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

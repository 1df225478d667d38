/**
 * Takes the thoughts out that stand before an answer as `<think>…</think>`, as some models write them when their server does
 * not know it. What comes is held back until it is clear that it is none.
 */
export function withoutThoughts(): { add(text: string): string; end(): string } {
  let held = "";
  let state: "start" | "thinking" | "after" | "answer" = "start";
  return {
    add(text) {
      if (state === "answer") return text;
      held += text;
      if (state === "start") {
        const begun = held.trimStart();
        if (open.startsWith(begun.slice(0, open.length)) && begun.length < open.length) return "";
        state = begun.startsWith(open) ? "thinking" : "answer";
      }
      if (state === "thinking") {
        const end = held.indexOf(close);
        if (end === -1) return "";
        held = held.slice(end + close.length);
        state = "after";
      }
      const rest = state === "after" ? held.trimStart() : held;
      if (rest === "") return "";
      state = "answer";
      held = "";
      return rest;
    },
    /** What was held back, but is no thought. */
    end: () => (state === "start" ? held : ""),
  };
}

const open = "<think>";
const close = "</think>";

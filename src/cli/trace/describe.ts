import type { SpanRecord } from "../../observe/span-record.ts";

type Facts = SpanRecord["facts"];

/** A span in a few words: what it is, and what is worth knowing of how it went. */
export function describeSpan({
  name,
  facts,
  error,
  status,
  content,
}: SpanRecord): readonly string[] {
  const said = content === undefined ? "" : "(content: see --json)";
  const failed = status === "failed" && error ? errorText(error) : "";
  const words = [title(name, facts), ...details(name, facts), failed, said];
  return words.filter((word) => word !== "");
}

/** Something that happened within a span; undefined for what only a program wants to know. */
export function describeEvent({ name, facts }: SpanRecord["events"][number]): string | undefined {
  switch (name) {
    case "first-text":
      return "first words";
    case "message":
      return "message read";
    case "retry":
      return `retry after attempt ${text(facts, "attempt")}, waits ${duration(Number(facts["waitMs"]))}: ${text(facts, "reason")}`;
    case "approval-requested":
      return `asked for approval ${text(facts, "approvalId")} (${text(facts, "kind")})`;
    case "approval-decided":
      return `approval ${text(facts, "approvalId")}: ${text(facts, "choice")} by ${text(facts, "by")}, waited for ${duration(Number(facts["waitedMs"]))}`;
    default: {
      const rest = Object.entries(facts).map(([key, value]) => `${key} ${String(value)}`);
      return [name, ...rest].join(" ");
    }
  }
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function title(name: string, facts: Facts): string {
  const subject = {
    turn: "turn",
    step: "step",
    model: "model",
    tool: "tool",
    "sandbox-task": "task",
    post: "kind",
  }[name];
  const words = {
    "sandbox-open": "open sandbox",
    "sandbox-exec": "command",
    "sandbox-task": "task",
    receive: "message",
  }[name];
  return [words ?? name, subject === undefined ? "" : text(facts, subject)].join(" ").trim();
}

function details(name: string, facts: Facts): readonly string[] {
  const when = (key: string, words: (value: string) => string): string =>
    facts[key] === undefined ? "" : words(text(facts, key));
  const outcome = text(facts, "outcome");
  switch (name) {
    case "turn":
      return [outcome, Number(facts["attempt"]) > 1 ? `attempt ${text(facts, "attempt")}` : ""];
    case "step":
      return [cost(facts)];
    case "model":
      return [tokens(facts), when("responseModel", (model) => `as ${model}`)];
    case "tool":
    case "sandbox-exec":
    case "sandbox-task":
      return [
        when("status", (status) => (status === "ok" ? status : "")),
        outcome === "exit" ? "" : outcome,
        when("exitCode", (code) => `exit ${code}`),
        when("outputBytes", (bytes) => `${bytes} bytes`),
        when("asksFor", (kind) => `asks for ${kind}`),
        when("resumed", () => "taken up"),
        when("attached", () => "attached"),
      ];
    case "sandbox-open":
      return [text(facts, "sandbox")];
    case "post":
      return [outcome, Number(facts["attempt"]) > 1 ? `attempt ${text(facts, "attempt")}` : ""];
    case "receive":
      return [text(facts, "status")];
    default:
      return [];
  }
}

/** Of a model call, or of a whole turn. */
export function tokens(facts: Facts): string {
  const { inputTokens, outputTokens, cachedInputTokens } = facts;
  if (inputTokens === undefined || outputTokens === undefined) return "";
  if (inputTokens === 0 && outputTokens === 0) return "";
  const cached = cachedInputTokens === undefined ? "" : ` (${String(cachedInputTokens)} cached)`;
  return `${String(inputTokens)}${cached} → ${String(outputTokens)} tokens`;
}

/** Where models have prices. */
export function cost(facts: Facts): string {
  const { usd } = facts;
  return typeof usd === "number" && usd > 0 ? `$${usd.toFixed(4)}` : "";
}

const errorText = ({ type, message }: NonNullable<SpanRecord["error"]>): string =>
  message === undefined ? `! ${type}` : `! ${type}: ${message}`;

const text = (facts: Facts, key: string): string => String(facts[key] ?? "");

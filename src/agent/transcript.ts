import { type AccessRequest, accessText } from "../core/access-request.ts";
import { grantWordOf } from "../core/grant-words.ts";
import type { JournalEntry, NestedEntry, SandboxIdentity, ToolIntent } from "../core/journal.ts";
import type { ToolResult } from "../core/tool-result.ts";
import type { Item } from "./model.ts";

/**
 * What the model sees of a session, as a projection of its journal: the same entries always give the same items.
 * It is kept up to date entry by entry, so that a step costs the same in a short and in a long session.
 */
export class Transcript {
  readonly #items: Item[] = [];
  /** Calls of the last step that have no result yet, by call id. */
  readonly #open = new Map<string, ToolIntent>();
  /** Where each untrimmed tool result is. */
  readonly #results = new Map<string, { readonly item: Item; readonly executionId: string }>();
  /** Where the running turn's messages are, by their ids. */
  readonly #said = new Map<string, Item>();
  /** What agents inside calls that are still open have done, by the call's execution id. */
  readonly #nested = new Map<string, NestedEntry["entry"][]>();
  /** What was asked for, by approval id. */
  readonly #requests = new Map<string, AccessRequest>();
  #step: Step = { index: 0, order: [], over: true, asksForAccess: false };
  #sandbox: SandboxIdentity | undefined;
  #started: StartedCall | undefined;
  #tokens = 0;
  readonly #redact: (text: string) => string;

  /**
   * `redact` takes secrets out of what people wrote; tool results come in redacted. `brief` is what an agent inside a
   * call was told to do.
   */
  constructor(
    options: {
      readonly redact?: (text: string) => string;
      readonly brief?: { readonly actor: string; readonly text: string };
    } = {},
  ) {
    this.#redact = options.redact ?? ((text) => text);
    const { brief } = options;
    if (!brief) return;
    this.#push({ type: "user", actor: brief.actor, text: this.#redact(brief.text), files: [] });
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** An estimate: four characters a token. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Calls that were announced and have no result: after a crash, what has to be settled. */
  get openCalls(): readonly ToolIntent[] {
    return [...this.#open.values()];
  }

  /** What an agent inside an open call has done so far: after a crash, where it goes on. */
  nested(executionId: string): readonly NestedEntry["entry"][] {
    return this.#nested.get(executionId) ?? [];
  }

  /** The call of a model that an earlier process began, and whose answer is not here yet. */
  get startedCall(): StartedCall | undefined {
    return this.#started;
  }

  /** What the running turn's last step gave; nothing once the turn has ended. */
  get lastStep(): {
    readonly results: readonly Extract<Item, { type: "tool-result" }>[];
    readonly asksForAccess: boolean;
  } {
    const { index, order, over, asksForAccess } = this.#step;
    if (over) return { results: [], asksForAccess: false };
    const items = this.#items.slice(index, index + order.length);
    return { results: items.filter((item) => item.type === "tool-result"), asksForAccess };
  }

  apply(entry: JournalEntry): void {
    switch (entry.type) {
      case "turn-started":
        this.#tellSandbox(entry.sandbox);
        return;
      case "message":
        // What is said to the harness is no business of the model; what comes of it is noted.
        if (entry.message.kind === "stop" || grantWordOf(entry.message)) return;
        this.#hear(entry);
        return;
      case "message-checked":
        if (entry.blocked) this.#withhold(entry.messageId);
        return;
      case "model-started":
        this.#started = entry;
        return;
      case "step":
        this.#started = undefined;
        this.#push({ type: "assistant", response: entry.response });
        this.#step = {
          index: this.#items.length,
          order: entry.intents.map((intent) => intent.callId),
          over: false,
          asksForAccess: false,
        };
        for (const intent of entry.intents) this.#open.set(intent.callId, intent);
        return;
      case "tool-result":
        this.#settle(entry.callId, entry.result);
        return;
      case "handed-off":
        this.#settle(entry.callId, handedOver(entry.to));
        this.#note(`From here on the agent is "${entry.to}"; "${entry.from}" handed over to it.`);
        return;
      case "nested":
        this.#nest(entry);
        return;
      case "note":
        this.#note(entry.text);
        return;
      case "approval-requested":
        this.#step.asksForAccess = true;
        this.#requests.set(entry.approvalId, entry.request);
        this.#note(
          `Asked for ${accessText(entry.request)} (approval ${entry.approvalId}). It is not granted unless a person approves it.`,
        );
        return;
      case "approval-decided":
        this.#note(`${decisions[entry.choice]}: ${this.#grant(entry)}.`);
        return;
      case "grant-revoked":
        this.#note(`Taken back, no longer granted: ${this.#grant(entry)}.`);
        return;
      case "context-trimmed":
        for (const callId of entry.callIds) this.#trim(callId);
        return;
      case "turn-ended":
        for (const callId of this.#open.keys()) this.#settle(callId, neverFinished);
        this.#step.over = true;
        this.#started = undefined;
        this.#said.clear();
        this.#nested.clear();
        if (!["answered", "asked", "told"].includes(entry.outcome))
          this.#note(`The turn ended: ${entry.outcome}.`);
        return;
      default:
        entry satisfies never;
    }
  }

  /**
   * The oldest tool results that must become references so that the rest fits into `tokens`, with the texts
   * that have to lie in files first. Empty when everything fits. Results of the last step always stay.
   */
  excess(tokens: number): readonly { callId: string; executionId: string; output: string }[] {
    let over = this.#tokens - tokens;
    const excess = [];
    for (const [callId, { item, executionId }] of this.#results) {
      if (over <= 0 || this.#step.order.includes(callId)) break;
      if (item.type !== "tool-result" || item.result.output.length < worthTrimming) continue;
      excess.push({ callId, executionId, output: item.result.output });
      over -= estimate(item) - referenceTokens;
    }
    return excess;
  }

  /** The instructions say what the first sandbox is; when it is another one later, that has to be said. */
  #tellSandbox(sandbox: SandboxIdentity | undefined): void {
    const [before, now] = [this.#sandbox, sandbox ?? this.#sandbox].map(sandboxText);
    this.#sandbox = sandbox ?? this.#sandbox;
    if (before !== "" && before !== now)
      this.#note(
        `From here on the sandbox is ${now}; it was ${before}. The files in /workspace are the same.`,
      );
  }

  #grant({
    approvalId,
    by,
  }: {
    readonly approvalId: string;
    readonly by: { readonly id: string; readonly name?: string | undefined };
  }): string {
    const request = this.#requests.get(approvalId);
    const what = request ? accessText(request) : "what was asked for";
    return `${what} (approval ${approvalId}), by ${by.name ?? by.id}`;
  }

  #hear({ message, paths, guarded }: Extract<JournalEntry, { type: "message" }>): void {
    if (guarded && guarded.type !== "replace") return;
    const item: Item = {
      type: "user",
      actor: message.actor.name ?? message.actor.id,
      text: this.#redact(guarded?.text ?? message.text),
      files: paths,
    };
    this.#push(item);
    this.#said.set(message.id, item);
  }

  #nest({ executionId, entry }: NestedEntry): void {
    const entries = this.#nested.get(executionId) ?? [];
    entries.push(entry);
    this.#nested.set(executionId, entries);
  }

  /** The model has been told it, but is not told it again. */
  #withhold(messageId: string): void {
    const item = this.#said.get(messageId);
    const index = item ? this.#items.indexOf(item) : -1;
    if (!item || index < 0) return;
    const note: Item = { type: "note", text: "A message that stood here was withheld." };
    this.#items[index] = note;
    this.#tokens += estimate(note) - estimate(item);
  }

  #note(text: string): void {
    this.#push({ type: "note", text });
  }

  /** Results stand in the order of their calls, whatever the order in which they came. */
  #settle(callId: string, result: ToolResult): void {
    const intent = this.#open.get(callId);
    if (!intent) return;
    this.#open.delete(callId);
    const { tool, args, executionId } = intent;
    this.#nested.delete(executionId);
    const item: Item = { type: "tool-result", call: { callId, tool, args }, result };
    const before = this.#step.order.slice(0, this.#step.order.indexOf(callId));
    const settled = before.filter((id) => !this.#open.has(id)).length;
    this.#items.splice(this.#step.index + settled, 0, item);
    this.#results.set(callId, { item, executionId });
    this.#tokens += estimate(item);
  }

  #trim(callId: string): void {
    const found = this.#results.get(callId);
    const index = found ? this.#items.indexOf(found.item) : -1;
    const item = this.#items[index];
    if (!found || item?.type !== "tool-result") return;
    const reference = `[${item.result.output.length} characters, now in ${outputFile(found.executionId)}]`;
    const trimmed: Item = { ...item, result: { ...item.result, output: reference } };
    this.#items[index] = trimmed;
    this.#results.delete(callId);
    this.#tokens += estimate(trimmed) - estimate(item);
  }

  #push(item: Item): void {
    this.#items.push(item);
    this.#tokens += estimate(item);
  }
}

type StartedCall = Pick<
  Extract<JournalEntry, { type: "model-started" }>,
  "step" | "model" | "handle"
>;

/** The model's last answer that asked for calls. */
interface Step {
  /** Where its results begin. */
  readonly index: number;
  readonly order: readonly string[];
  /** The turn has ended. */
  over: boolean;
  asksForAccess: boolean;
}

const decisions = {
  once: "Approved for this turn only",
  session: "Approved until the session ends",
  deny: "Denied, not granted",
};

function sandboxText(sandbox: SandboxIdentity | undefined): string {
  if (!sandbox) return "";
  const { name, isolation, image } = sandbox;
  return `"${name}" (isolation "${isolation}"${image === undefined ? "" : `, image ${image}`})`;
}

/** Where in the workspace the full output of a tool call lies, when what the model sees refers to it. */
export const outputFile = (executionId: string): string => `.opsthread/outputs/${executionId}.txt`;

const neverFinished: ToolResult = {
  status: "stopped",
  output: "Not finished: the turn ended before this call did.",
  measures: {},
  artifacts: [],
};

const handedOver = (to: string): ToolResult => ({
  status: "ok",
  output: `Handed over to "${to}".`,
  measures: {},
  artifacts: [],
});

/** Shorter outputs cost about as much as the reference that would replace them. */
const worthTrimming = 400;
const referenceTokens = 25;

function estimate(item: Item): number {
  switch (item.type) {
    case "user":
      return tokensOf(item.text) + item.files.reduce((sum, file) => sum + tokensOf(file), 0);
    case "assistant":
      return item.response.toolCalls.reduce(
        (sum, call) => sum + tokensOf(call.args) + tokensOf(call.tool),
        tokensOf(item.response.text),
      );
    case "tool-result":
      return tokensOf(item.result.output);
    case "note":
      return tokensOf(item.text);
  }
}

const tokensOf = (text: string): number => Math.ceil(text.length / 4) + 4;

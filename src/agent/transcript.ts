import { argumentsHash } from "../core/access-request.ts";
import { isCallRequest, requestText } from "../core/call-request.ts";
import { grantWordOf } from "../core/grant-words.ts";
import type { JournalEntry, SandboxIdentity } from "../core/journal.ts";
import type { ToolResult } from "../core/tool-result.ts";
import type { Item } from "./model.ts";
import { type Asked, itemOf, type OpenCall, type Settled, type Step, stepAt } from "./open-call.ts";

/**
 * What the model sees of a session, as a projection of its journal: the same entries always give the same items.
 * It is kept up to date entry by entry, so that a step costs the same in a short and in a long session.
 */
export class Transcript {
  readonly #items: Item[] = [];
  /** Calls of the last step, or that were approved, that have no result yet, by call id. */
  readonly #open = new Map<string, OpenCall>();
  /** What each untrimmed tool result is, and where. */
  readonly #results = new Map<string, Settled & { readonly item: Item }>();
  /** What was asked for, by approval id. */
  readonly #requests = new Map<string, Asked>();
  #step: Step = stepAt(0, [], true);
  #sandbox: SandboxIdentity | undefined;
  #started: StartedCall | undefined;
  #tokens = 0;
  readonly #redact: (text: string) => string;

  /** `redact` takes secrets out of what people wrote; tool results come in redacted. */
  constructor(options: { readonly redact?: (text: string) => string } = {}) {
    this.#redact = options.redact ?? ((text) => text);
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** An estimate: four characters a token. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Calls that were announced and have no result: after a crash, what has to be settled. */
  get openCalls(): readonly OpenCall[] {
    return [...this.#open.values()];
  }

  /** The call of a model that an earlier process began, and whose answer is not here yet. */
  get startedCall(): StartedCall | undefined {
    return this.#started;
  }

  /** What the running turn's last step gave; nothing once the turn has ended. */
  get lastStep(): { readonly results: readonly Settled[]; readonly asksForAccess: boolean } {
    const { order, settled, over, asked } = this.#step;
    if (over) return { results: [], asksForAccess: false };
    const results = order.flatMap((callId) => settled.get(callId) ?? []);
    return { results, asksForAccess: asked.size > 0 };
  }

  /** The approval that a call of the last step has asked for so that it may run. */
  askedBy(callId: string): string | undefined {
    const approvalId = this.#step.asked.get(callId);
    const asked = this.#requests.get(approvalId ?? "");
    return asked && isCallRequest(asked.request) ? approvalId : undefined;
  }

  apply(entry: JournalEntry): void {
    switch (entry.type) {
      case "turn-started":
        this.#tellSandbox(entry.sandbox);
        return;
      case "message":
        // What is said to the harness is no business of the model; what comes of it is noted.
        if (entry.message.kind === "stop" || grantWordOf(entry.message)) return;
        this.#push({
          type: "user",
          actor: entry.message.actor.name ?? entry.message.actor.id,
          text: this.#redact(entry.message.text),
          files: entry.paths,
        });
        return;
      case "model-started":
        this.#started = entry;
        return;
      case "step":
        this.#started = undefined;
        this.#push({ type: "assistant", response: entry.response });
        this.#step = stepAt(
          this.#items.length,
          entry.intents.map((intent) => intent.callId),
        );
        for (const intent of entry.intents) this.#open.set(intent.callId, intent);
        return;
      case "tool-result":
        this.#settle(entry.callId, entry.result);
        return;
      case "note":
        this.#note(entry.text);
        return;
      case "approval-requested":
        this.#step.asked.set(entry.callId, entry.approvalId);
        this.#requests.set(entry.approvalId, { ...entry, state: "asked" });
        // That a call waits, its result says.
        if (isCallRequest(entry.request)) return;
        this.#note(
          `Asked for ${requestText(entry.request)} (approval ${entry.approvalId}). It is not granted unless a person approves it.`,
        );
        return;
      case "approval-decided":
        this.#decide(entry);
        return;
      case "approved-call":
        this.#begin(entry);
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
        for (const [approvalId, asked] of this.#requests) {
          if (asked.state !== "approved") continue;
          asked.state = "over";
          this.#note(
            `Not run, since the turn ended first: ${requestText(asked.request)} (approval ${approvalId}).`,
          );
        }
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
    for (const [callId, { item, call, result }] of this.#results) {
      if (over <= 0 || this.#step.order.includes(callId)) break;
      if (result.output.length < worthTrimming) continue;
      excess.push({ callId, executionId: call.executionId, output: result.output });
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
    const asked = this.#requests.get(approvalId);
    const what = asked ? requestText(asked.request) : "what was asked for";
    return `${what} (approval ${approvalId}), by ${by.name ?? by.id}`;
  }

  #decide(entry: Extract<JournalEntry, { type: "approval-decided" }>): void {
    const { approvalId, choice, words } = entry;
    const asked = this.#requests.get(approvalId);
    const said = words === undefined ? "" : ` They said: ${JSON.stringify(this.#redact(words))}`;
    if (!asked || !isCallRequest(asked.request))
      return this.#note(`${decisions[choice]}: ${this.#grant(entry)}.${said}`);
    asked.state = choice === "deny" ? "over" : "approved";
    const what = this.#grant(entry);
    this.#note(
      choice === "deny"
        ? `Denied, not run: ${what}.${said}`
        : `Approved: ${what}. The harness runs it now.${said}`,
    );
  }

  /** Opens an approved call. One that is not what was approved is not opened, so it is never run. */
  #begin({ approvalId, intent }: Extract<JournalEntry, { type: "approved-call" }>): void {
    const asked = this.#requests.get(approvalId);
    if (asked?.state !== "approved" || !isCallRequest(asked.request)) return;
    asked.state = "over";
    const isSame =
      intent.tool === asked.request.tool && argumentsHash(intent.args) === asked.argumentsHash;
    if (!isSame)
      return this.#note(
        `Not run, since it is not the call that was approved (approval ${approvalId}).`,
      );
    const { callId } = intent;
    if (this.#open.size === 0) this.#step = stepAt(this.#items.length, [callId]);
    else this.#step.order.push(callId);
    this.#open.set(callId, { ...intent, approvalId });
  }

  #note(text: string): void {
    this.#push({ type: "note", text });
  }

  /** Results stand in the order of their calls, whatever the order in which they came. */
  #settle(callId: string, result: ToolResult): void {
    const intent = this.#open.get(callId);
    if (!intent) return;
    this.#open.delete(callId);
    const item = itemOf(intent, result);
    const before = this.#step.order.slice(0, this.#step.order.indexOf(callId));
    const settled = before.filter((id) => !this.#open.has(id)).length;
    this.#items.splice(this.#step.index + settled, 0, item);
    this.#step.settled.set(callId, { call: intent, result });
    this.#results.set(callId, { item, call: intent, result });
    this.#tokens += estimate(item);
  }

  #trim(callId: string): void {
    const found = this.#results.get(callId);
    const index = found ? this.#items.indexOf(found.item) : -1;
    const item = this.#items[index];
    if (!found || !item) return;
    const { call, result } = found;
    const reference = `[${result.output.length} characters, now in ${outputFile(call.executionId)}]`;
    const trimmed = itemOf(call, { ...result, output: reference });
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

const decisions = {
  once: "Approved for this turn only",
  session: "Approved until the session ends",
  always: "Approved for all sessions",
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

import { argumentsHash } from "../core/access-request.ts";
import { isCallRequest, requestText } from "../core/call-request.ts";
import { grantWordOf } from "../core/grant-words.ts";
import type { JournalEntry, NestedEntry, SandboxIdentity } from "../core/journal.ts";
import type { ToolResult } from "../core/tool-result.ts";
import { Conversation } from "./context/conversation.ts";
import { notesFile, notesText } from "./context/notes-text.ts";
import { type Origin, outputFile } from "./context/pieces.ts";
import type { Item } from "./model.ts";
import { type Asked, itemOf, type OpenCall, type Settled, type Step, stepAt } from "./open-call.ts";

/**
 * What the model sees of a session, as a projection of its journal: the same entries always give the same items.
 * It is kept up to date entry by entry, so that a step costs the same in a short and in a long session.
 */
export class Transcript {
  readonly conversation = new Conversation();
  /** Calls of the last step, or that were approved, that have no result yet, by call id. */
  readonly #open = new Map<string, OpenCall>();
  /** What agents inside calls that are still open have done, by the call's execution id. */
  readonly #nested = new Map<string, NestedEntry["entry"][]>();
  /** What was asked for, by approval id. */
  readonly #requests = new Map<string, Asked>();
  #step: Step = stepAt(0, [], true);
  #sandbox: SandboxIdentity | undefined;
  #started: StartedCall | undefined;
  #notes: { readonly text: string; readonly item: Item } | undefined;
  #namesNotes = false;
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
    this.conversation.add(
      { type: "user", actor: brief.actor, text: this.#redact(brief.text), files: [] },
      { key: "brief", isPinned: true },
    );
  }

  get items(): readonly Item[] {
    return this.conversation.items;
  }

  /** What the model was last shown of the agent's notes. */
  get shownNotes(): string | undefined {
    return this.#notes?.text;
  }

  /** A call named the notes' file: there may be one. */
  get namesNotes(): boolean {
    return this.#namesNotes;
  }

  /** Calls that were announced and have no result: after a crash, what has to be settled. */
  get openCalls(): readonly OpenCall[] {
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
        this.#hear(entry);
        return;
      case "message-checked":
        // The model has been told it, but is not told it again.
        if (entry.blocked) this.conversation.withhold(entry.messageId, withheld);
        return;
      case "model-started":
        this.#started = entry;
        return;
      case "step":
        this.#started = undefined;
        this.conversation.answer(entry);
        if (entry.response.compacted) this.#notes = undefined;
        this.#namesNotes ||= entry.intents.some(({ args }) => args.includes(notesFile));
        this.#step = stepAt(
          this.items.length,
          entry.intents.map((intent) => intent.callId),
        );
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
        this.#step.asked.set(entry.callId, entry.approvalId);
        this.#requests.set(entry.approvalId, { ...entry, state: "asked" });
        // That a call waits, its result says.
        if (isCallRequest(entry.request)) return;
        this.#note(
          `Asked for ${requestText(entry.request)} (approval ${entry.approvalId}). It is not granted unless a person approves it.`,
          pinned,
        );
        return;
      case "approval-decided":
        this.#decide(entry);
        return;
      case "approved-call":
        this.#begin(entry);
        return;
      case "grant-revoked":
        this.#note(`Taken back, no longer granted: ${this.#grant(entry)}.`, pinned);
        return;
      case "context-trimmed":
        this.conversation.cut(entry.cuts);
        return;
      case "context-summarized":
        this.#step = {
          ...this.#step,
          index: this.#step.index + this.conversation.condense(entry),
        };
        if (this.#notes && !this.items.includes(this.#notes.item)) this.#notes = undefined;
        return;
      case "notes-shown":
        this.#notes = { text: entry.text, item: this.#note(notesText(entry.text)) };
        return;
      case "model-failed":
      case "workspace-placed":
      case "workspace-kept":
        return;
      case "turn-ended":
        for (const callId of this.#open.keys()) this.#settle(callId, neverFinished);
        this.#step.over = true;
        this.#started = undefined;
        this.#nested.clear();
        for (const [approvalId, asked] of this.#requests) {
          if (asked.state !== "approved") continue;
          asked.state = "over";
          this.#note(
            `Not run, since the turn ended first: ${requestText(asked.request)} (approval ${approvalId}).`,
            pinned,
          );
        }
        if (!["answered", "asked", "told"].includes(entry.outcome))
          this.#note(`The turn ended: ${entry.outcome}.`);
        return;
      default:
        entry satisfies never;
    }
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
    const what = this.#grant(entry);
    if (!asked || !isCallRequest(asked.request)) {
      this.#note(`${decisions[choice]}: ${what}.${said}`, pinned);
      return;
    }
    asked.state = choice === "deny" ? "over" : "approved";
    this.#note(
      choice === "deny"
        ? `Denied, not run: ${what}.${said}`
        : `Approved: ${what}. The harness runs it now.${said}`,
      pinned,
    );
  }

  /** Opens an approved call. One that is not what was approved is not opened, so it is never run. */
  #begin({ approvalId, intent }: Extract<JournalEntry, { type: "approved-call" }>): void {
    const asked = this.#requests.get(approvalId);
    if (asked?.state !== "approved" || !isCallRequest(asked.request)) return;
    asked.state = "over";
    const isSame =
      intent.tool === asked.request.tool && argumentsHash(intent.args) === asked.argumentsHash;
    if (!isSame) {
      this.#note(`Not run, since it is not the call that was approved (approval ${approvalId}).`);
      return;
    }
    const { callId } = intent;
    if (this.#open.size === 0) this.#step = stepAt(this.items.length, [callId]);
    else this.#step.order.push(callId);
    this.#open.set(callId, { ...intent, approvalId });
  }

  #hear({ message, paths, guarded }: Extract<JournalEntry, { type: "message" }>): void {
    if (guarded && guarded.type !== "replace") return;
    const item: Item = {
      type: "user",
      actor: message.actor.name ?? message.actor.id,
      text: this.#redact(guarded?.text ?? message.text),
      files: paths,
    };
    this.conversation.add(item, { key: message.id, isPinned: true });
  }

  #nest({ executionId, entry }: NestedEntry): void {
    const entries = this.#nested.get(executionId) ?? [];
    entries.push(entry);
    this.#nested.set(executionId, entries);
  }

  #note(text: string, origin?: Origin): Item {
    return this.conversation.add({ type: "note", text }, origin);
  }

  /** Results stand in the order of their calls, whatever the order in which they came. */
  #settle(callId: string, result: ToolResult): void {
    const intent = this.#open.get(callId);
    if (!intent) return;
    this.#open.delete(callId);
    const { executionId } = intent;
    this.#nested.delete(executionId);
    const item = itemOf(intent, result);
    this.#step.settled.set(callId, { call: intent, result });
    const before = this.#step.order.slice(0, this.#step.order.indexOf(callId));
    const settled = before.filter((id) => !this.#open.has(id)).length;
    const file = outputFile(executionId);
    const isKept = result.measures.fullOutput === file;
    this.conversation.add(
      item,
      { key: executionId, ...(isKept && { files: new Map([[executionId, file]]) }) },
      this.#step.index + settled,
    );
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

const neverFinished: ToolResult = {
  status: "stopped",
  output: "Not finished: the turn ended before this call did.",
  measures: {},
  artifacts: [],
};

const pinned: Origin = { key: "", isPinned: true };
const handedOver = (to: string): ToolResult => ({
  status: "ok",
  output: `Handed over to "${to}".`,
  measures: {},
  artifacts: [],
});

const withheld: Item = { type: "note", text: "A message that stood here was withheld." };

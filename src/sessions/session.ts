import { Transcript } from "../agent/transcript.ts";
import type { RememberedCall } from "../core/call-request.ts";
import type { Clock } from "../core/clock.ts";
import { grantWordOf } from "../core/grant-words.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { JournalEntry, Usage } from "../core/journal.ts";
import type { Artifact, Post } from "../core/post.ts";
import type { Lease, SessionInfo, Store } from "../store/store.ts";
import { Grants } from "./grants.ts";

/** A turn that has begun and not ended, as its journal tells. */
export interface OpenTurn {
  readonly turn: number;
  readonly startedAt: number;
  /** How many processes have taken it up. */
  attempts: number;
  /** Messages that it has read. */
  messages: number;
  /** Of what it has read, what the model has to react to: words to it, and decisions that it waits for. */
  asks: number;
  steps: number;
  usage: Usage;
  /** Files that go with the answer. */
  readonly artifacts: Artifact[];
}

/** A fact to journal, without what every entry carries. */
export type Fact = JournalEntry extends infer Entry
  ? Entry extends JournalEntry
    ? Omit<Entry, "v" | "turn" | "at">
    : never
  : never;

/** What {@link Session.record} takes besides the entries. */
export interface Along {
  /** Entries that come first and that the transcript holds already. */
  readonly lead?: readonly JournalEntry[];
  readonly posts?: readonly Post[];
  readonly inboxThrough?: number;
  readonly remember?: readonly RememberedCall[];
  readonly forget?: readonly string[];
}

/**
 * A session under its lease: what its journal says so far, and the only way to write more of it.
 * Everything here is derived from the journal, so that after a crash the next holder stands where the last one stood.
 */
export class Session {
  readonly lease: Lease;
  readonly thread: ThreadRef;
  /** Tells a session from an earlier one of the same thread that retention removed. */
  readonly createdAt: number;
  readonly transcript: Transcript;
  readonly grants = new Grants();
  /** Attachment paths in use. */
  readonly paths = new Set<string>();
  readonly #store: Store;
  readonly #clock: Clock;
  #seq = 0;
  #turn = 0;
  #open: OpenTurn | undefined;

  private constructor(options: SessionOptions & Pick<SessionInfo, "thread" | "createdAt">) {
    this.lease = options.lease;
    this.thread = options.thread;
    this.createdAt = options.createdAt;
    this.#store = options.store;
    this.#clock = options.clock;
    this.transcript = new Transcript({ redact: options.redact });
  }

  static async load(options: SessionOptions): Promise<Session> {
    const { sessionId } = options.lease;
    const info = await options.store.session(sessionId);
    if (!info) throw new RangeError(`Cannot load session "${sessionId}": it does not exist`);
    const session = new Session({ ...options, ...info });
    for (const { seq, entry } of await options.store.readJournal(sessionId, { after: 0 })) {
      session.#seq = seq;
      session.#track(entry);
      session.transcript.apply(entry);
    }
    return session;
  }

  get id(): string {
    return this.lease.sessionId;
  }

  get open(): OpenTurn | undefined {
    return this.#open;
  }

  /** Files that go with the running turn's answer. */
  get artifacts(): readonly Artifact[] {
    return this.#open?.artifacts ?? [];
  }

  /** The number that the running turn has, or the next one will have. */
  get turn(): number {
    return this.#open?.turn ?? this.#turn + 1;
  }

  /** Journals facts of this turn. What the model sees follows. */
  async record(facts: readonly Fact[], { lead = [], ...along }: Along = {}): Promise<void> {
    const common = { v: 1 as const, turn: this.turn, at: this.#clock.now() };
    const own = facts.map((fact) => ({ ...common, ...fact }));
    const entries = [...lead, ...own];
    this.#seq = await this.#store.append(this.lease, { after: this.#seq, entries, ...along });
    for (const entry of entries) this.#track(entry);
    for (const entry of own) this.transcript.apply(entry);
  }

  #track(entry: JournalEntry): void {
    this.grants.apply(entry);
    if (entry.type === "turn-started") {
      this.#turn = entry.turn;
      this.#open ??= {
        turn: entry.turn,
        startedAt: entry.at,
        attempts: 0,
        messages: 0,
        asks: 0,
        steps: 0,
        usage: { inputTokens: 0, outputTokens: 0 },
        artifacts: [],
      };
      this.#open.attempts += 1;
      return;
    }
    if (entry.type === "message") for (const path of entry.paths) this.paths.add(path);
    const open = this.#open;
    if (!open) return;
    if (entry.type === "message") {
      open.messages += 1;
      if (!grantWordOf(entry.message)) open.asks += 1;
    }
    if (entry.type === "approval-decided") open.asks += 1;
    if (entry.type === "tool-result") open.artifacts.push(...entry.result.artifacts);
    if (entry.type === "turn-ended") this.#open = undefined;
    if (entry.type === "step") {
      const { inputTokens, outputTokens } = entry.response.usage;
      open.steps += 1;
      open.usage = {
        inputTokens: open.usage.inputTokens + inputTokens,
        outputTokens: open.usage.outputTokens + outputTokens,
      };
    }
  }
}

interface SessionOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly lease: Lease;
  readonly redact: (text: string) => string;
}

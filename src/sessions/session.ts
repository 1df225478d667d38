import type { Unchecked } from "../agent/beside-checks.ts";
import { Transcript } from "../agent/transcript.ts";
import type { RememberedCall } from "../core/call-request.ts";
import type { Clock } from "../core/clock.ts";
import { grantWordOf } from "../core/grant-words.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { JournalEntry, Usage } from "../core/journal.ts";
import type { Message } from "../core/message.ts";
import type { Artifact, Post } from "../core/post.ts";
import { addSpent, addUsage, nothingSpent, noUsage, type Spent, usageOf } from "../core/spent.ts";
import { noSpan, type Span } from "../core/trace.ts";
import type { Append, Appended, ClaimOptions, Lease, Store } from "../store/store.ts";
import { Grants } from "./grants.ts";
import { KeptFiles } from "./kept-files.ts";
import type { Outbox } from "./outbox.ts";
import { accountsOf, chargeOf } from "./spending.ts";
import { tellEntry } from "./trace-turn.ts";

/** A turn that has begun and not ended, as its journal tells. */
export interface OpenTurn {
  readonly turn: number;
  readonly startedAt: number;
  /** Of the attempt that began it: see `Span.traceparent`. */
  readonly trace?: string | undefined;
  /** How many processes have taken it up. */
  attempts: number;
  /** Messages that it has read. */
  messages: number;
  /** Of what it has read, what the model has to react to: words to it, and decisions that it waits for. */
  asks: number;
  steps: number;
  usage: Usage;
  usd: number;
  /** Up to when its time is on the accounts. */
  chargedAt: number;
  /** Agents that it went from and to. */
  readonly handoffs: { readonly from: string; readonly to: string }[];
  /** Of what it has read, what no parallel guardrail has looked at. */
  readonly unchecked: Unchecked[];
  /** A guardrail let a message not pass, which ends it. */
  blocked?: { readonly by: string; readonly reason: string };
  /** Of what it has read, what schedules said: the messages' ids. */
  readonly scheduled: string[];
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
  readonly transcript: Transcript;
  readonly grants = new Grants();
  readonly files = new KeptFiles();
  /** Attachment paths in use. */
  readonly paths = new Set<string>();
  /** Of this process's attempt at the turn. Told of what is journalled. */
  span: Span = noSpan;
  readonly #store: Store;
  readonly #outbox: Pick<Outbox, "bring">;
  readonly #clock: Clock;
  #seq = 0;
  #turn = 0;
  #held: JournalEntry[] = [];
  #open: OpenTurn | undefined;
  #spent = nothingSpent;
  #unread = true;
  #noticed = false;
  #latestStart = 0;
  #agent: string | undefined;

  private constructor(options: SessionOptions) {
    this.lease = options.lease;
    this.#store = options.store;
    this.#outbox = options.outbox;
    this.#clock = options.clock;
    this.transcript = new Transcript({ redact: options.redact });
  }

  static async load(options: SessionOptions): Promise<Session> {
    const { store, lease } = options;
    const journal = await store.readJournal(lease.sessionId, { after: 0 });
    const session = new Session(options);
    for (const { seq, entry } of journal) {
      session.#seq = seq;
      session.#track(entry);
      session.transcript.apply(entry);
    }
    return session;
  }

  get id(): string {
    return this.lease.sessionId;
  }

  get thread(): ThreadRef {
    return this.lease.thread;
  }

  /** Tells a session from an earlier one of the same thread that retention removed. */
  get createdAt(): number {
    return this.lease.createdAt;
  }

  /** Whether there may be unread messages: as the latest write told, or a notice since. */
  get unread(): boolean {
    return this.#unread || this.#noticed;
  }

  /** Something came in, or may have. */
  notice(): void {
    this.#noticed = true;
  }

  /** What all turns so far have used. */
  get spent(): Spent {
    return this.#spent;
  }

  get open(): OpenTurn | undefined {
    return this.#open;
  }

  /** When its latest turn was begun, or taken up; 0 before the first. */
  get latestStart(): number {
    return this.#latestStart;
  }

  /** Who has the session since it was handed over; undefined while it never was. */
  get agent(): string | undefined {
    return this.#agent;
  }

  /** Files that go with the running turn's answer. */
  get artifacts(): readonly Artifact[] {
    return this.#open?.artifacts ?? [];
  }

  /** The number that the running turn has, or the next one will have. */
  get turn(): number {
    return this.#open?.turn ?? this.#turn + 1;
  }

  /** Takes facts of this turn for journalled. They are written with the next ones, or by {@link flush}. */
  hold(facts: readonly Fact[]): void {
    for (const entry of this.#entriesOf(facts)) {
      this.#held.push(entry);
      this.#track(entry);
      this.transcript.apply(entry);
    }
  }

  /** Writes what is held, before something is done that a crash would not undo. */
  async flush(): Promise<void> {
    if (this.#held.length > 0) await this.record([]);
  }

  /** Journals facts of this turn. What the model sees follows. */
  async record(
    facts: readonly Fact[],
    { lead = [], posts = [], ...along }: Along = {},
  ): Promise<void> {
    const own = this.#entriesOf(facts);
    const entries = [...lead, ...own];
    const held = this.#held;
    const spends = this.#spends(entries);
    const scheduled = [...(this.#open?.scheduled ?? []), ...own.flatMap(scheduledIn)];
    const told = scheduled.length > 0 && { scheduled };
    const append = (claim?: ClaimOptions): Promise<Appended> =>
      this.#store.append(this.lease, {
        after: this.#seq,
        entries: [...held, ...entries],
        posts: posts.map((post) => ({ ...post, ...told, trace: this.span.traceparent })),
        ...(claim && { claim }),
        ...(spends.length > 0 && { spends }),
        ...along,
      });
    // Of what comes in after the write, only a notice tells.
    this.#noticed = false;
    const written = await (posts.length > 0 ? this.#outbox.bring(append) : append());
    this.#seq = written.seq;
    this.#unread = written.unread;
    this.#held = [];
    for (const entry of held) tellEntry(this, entry);
    for (const entry of entries) {
      tellEntry(this, entry);
      this.#track(entry);
    }
    for (const entry of own) this.transcript.apply(entry);
  }

  /** With what every entry carries. */
  #entriesOf(facts: readonly Fact[]): readonly JournalEntry[] {
    const common = { v: 1 as const, turn: this.turn, at: this.#clock.now() };
    return facts.map((fact) => ({ ...common, ...fact }));
  }

  /** What these entries take, for each account that it counts for. */
  #spends(entries: readonly JournalEntry[]): NonNullable<Append["spends"]> {
    const at = entries.at(-1)?.at;
    let chargedAt = this.#open?.chargedAt;
    if (at === undefined || chargedAt === undefined) return [];
    let spent = nothingSpent;
    for (const entry of entries) {
      const charge = chargeOf(entry, chargedAt);
      chargedAt = charge.chargedAt;
      spent = addSpent(spent, charge);
    }
    if (spent.steps + spent.tokens + spent.ms === 0) return [];
    return Object.values(accountsOf(this.thread, at)).map((account) => ({ ...account, spent }));
  }

  #track(entry: JournalEntry): void {
    this.grants.apply(entry);
    this.files.apply(entry);
    if (entry.type === "turn-started") {
      this.#turn = entry.turn;
      this.#latestStart = entry.at;
      this.#open ??= {
        turn: entry.turn,
        startedAt: entry.at,
        trace: entry.trace,
        attempts: 0,
        messages: 0,
        asks: 0,
        steps: 0,
        usage: noUsage,
        usd: 0,
        chargedAt: entry.at,
        handoffs: [],
        unchecked: [],
        scheduled: [],
        artifacts: [],
      };
      this.#open.attempts += 1;
      return;
    }
    if (entry.type === "message") for (const path of entry.paths) this.paths.add(path);
    const open = this.#open;
    if (!open) return;
    if (entry.type === "message") hear(open, entry);
    if (entry.type === "message-checked") check(open, entry);
    if (entry.type === "handed-off") {
      this.#agent = entry.to;
      open.handoffs.push(entry);
    }
    if (entry.type === "approval-decided") open.asks += 1;
    if (entry.type === "tool-result") open.artifacts.push(...entry.result.artifacts);
    const use = usageOf(entry);
    if (use) {
      open.steps += use.steps;
      open.usage = addUsage(open.usage, use.usage);
      open.usd += use.usd ?? 0;
    }
    const charge = chargeOf(entry, open.chargedAt);
    open.chargedAt = charge.chargedAt;
    this.#spent = addSpent(this.#spent, charge);
    if (entry.type === "turn-ended") this.#open = undefined;
  }
}

function hear(
  open: OpenTurn,
  { message, guarded }: Extract<JournalEntry, { type: "message" }>,
): void {
  open.messages += 1;
  open.scheduled.push(...scheduledIn({ type: "message", message }));
  if (grantWordOf(message)) return;
  if (guarded?.type === "stop") open.blocked = guarded;
  if (guarded && guarded.type !== "replace") return;
  open.asks += 1;
  if (message.kind === "stop") return;
  const { id, actor, text } = message;
  open.unchecked.push({ id, actor, text: guarded?.text ?? text });
}

const scheduledIn = (
  entry: Pick<JournalEntry, "type"> & { readonly message?: Message },
): readonly string[] =>
  entry.type === "message" && entry.message?.schedule !== undefined ? [entry.message.id] : [];

function check(
  open: OpenTurn,
  { messageId, blocked }: Extract<JournalEntry, { type: "message-checked" }>,
): void {
  const index = open.unchecked.findIndex(({ id }) => id === messageId);
  if (index >= 0) open.unchecked.splice(index, 1);
  if (blocked) open.blocked = blocked;
}

interface SessionOptions {
  readonly store: Store;
  readonly outbox: Pick<Outbox, "bring">;
  readonly clock: Clock;
  readonly lease: Lease;
  readonly redact: (text: string) => string;
}

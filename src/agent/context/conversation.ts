import type { ContextCut, JournalEntry } from "../../core/journal.ts";
import type { Item, Model } from "../model.ts";
import { ownUsage } from "../prices.ts";
import { condense } from "./condense.ts";
import { estimate } from "./estimate.ts";
import { cutItem, type Origin, pieceId, piecesOf } from "./pieces.ts";
import type { ContextSize } from "./window.ts";

/** The items that a model sees, with how large they are, and what makes them shorter. */
export class Conversation {
  readonly items: Item[] = [];
  readonly #origins = new WeakMap<Item, Origin>();
  #tokens = 0;
  #countFrom = 0;
  #compactedBy: string | undefined;
  #stateFrom = 0;
  #counted: ContextSize["counted"];

  /** An estimate, with the provider's count of an earlier state beside it. */
  get size(): ContextSize {
    return { tokens: this.#tokens, counted: this.#counted };
  }

  /** See `ModelRequest.stateFrom`. */
  get stateFrom(): number {
    return this.#stateFrom;
  }

  /** Items before this index are not sent, and do not count: the provider has made them shorter by itself. */
  get countFrom(): number {
    return this.#countFrom;
  }

  /** What a provider has made shorter only its own model can read: for any other model all of it counts. */
  countFor({ name, names = [name], capabilities: { compactsAtTokens } }: Model): void {
    const by = this.#compactedBy;
    const isOwn = compactsAtTokens !== undefined && (by === undefined || names.includes(by));
    if (this.#countFrom > 0 && !isOwn) this.#countAll();
  }

  originOf(item: Item): Origin {
    return this.#origins.get(item) ?? { key: "" };
  }

  /** Puts an item at its end, or at `index`. */
  add<Added extends Item>(item: Added, origin?: Origin, index = this.items.length): Added {
    this.items.splice(index, 0, item);
    if (origin) this.#origins.set(item, origin);
    this.#tokens += estimate(item);
    return item;
  }

  /** Puts another item in the place of a person's message. */
  withhold(messageId: string, instead: Item): void {
    const index = this.items.findIndex(
      (item) => item.type === "user" && this.originOf(item).key === messageId,
    );
    const item = this.items[index];
    if (!item) return;
    this.items[index] = instead;
    this.#tokens += estimate(instead) - estimate(item);
    this.#stateFrom = this.items.length;
  }

  answer({ turn, step, response, intents }: Extract<JournalEntry, { type: "step" }>): void {
    this.#counted = { estimated: this.#tokens, usage: ownUsage(response) };
    if (response.compacted) {
      this.#countFrom = this.items.length;
      this.#compactedBy = response.model;
      this.#tokens = 0;
    }
    const calls = new Map(intents.map(({ callId, executionId }) => [callId, executionId]));
    this.add({ type: "assistant", response }, { key: `${turn}.${step}`, calls });
  }

  cut(cuts: readonly ContextCut[]): void {
    const byPiece = new Map(cuts.map((cut) => [pieceId(cut), cut]));
    for (const [index, item] of this.items.entries()) {
      const origin = this.originOf(item);
      const own = piecesOf(item, origin).flatMap((piece) => byPiece.get(pieceId(piece)) ?? []);
      if (own.length === 0) continue;
      const cut = cutItem(item, origin, byPiece);
      const files = own.flatMap(({ of, file }) =>
        file === undefined ? [] : [[of, file] as const],
      );
      this.items[index] = cut;
      this.#origins.set(cut, { ...origin, files: new Map([...(origin.files ?? []), ...files]) });
      if (index >= this.#countFrom) this.#tokens += estimate(cut) - estimate(item);
    }
    this.#stateFrom = this.items.length;
  }

  /** Replaces what was before an answer; tells by how much the items after it have moved. */
  condense(entry: Extract<JournalEntry, { type: "context-summarized" }>): number {
    const key = `${entry.before.turn}.${entry.before.step}`;
    const end = this.items.findIndex(
      (item) => item.type === "assistant" && this.originOf(item).key === key,
    );
    if (end < 0) return 0;
    const kept = condense(this.items.slice(0, end), {
      ...entry,
      originOf: (item) => this.originOf(item),
      keep: (item, origin) => this.#origins.set(item, origin),
    });
    this.items.splice(0, end, ...kept);
    this.#stateFrom = this.items.length;
    this.#countAll();
    return kept.length - end;
  }

  #countAll(): void {
    this.#countFrom = 0;
    this.#tokens = this.items.reduce((sum, item) => sum + estimate(item), 0);
  }
}

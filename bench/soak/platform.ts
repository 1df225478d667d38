import type { Adapter } from "../../dist/adapters/adapter.js";

/** Where something was said. */
export interface SoakPlace {
  readonly channel: string;
  readonly thread: string;
}

/** A platform's twin, as a soak uses it. */
export interface SoakPlatform extends AsyncDisposable {
  readonly adapter: Adapter;
  /** Who may talk to the bot and where, as `access` takes it. */
  readonly access: { readonly users: readonly string[]; readonly channels: readonly string[] };
  /** Whether something that is said now gets to the bot soon. */
  isConnected(): boolean;
  /** Somebody writes; without a thread, a new one. */
  say(said: { readonly text: string; readonly place?: SoakPlace }): SoakPlace;
  /** The answers in a thread, progress left out, with the files that belong to them as text. */
  answers(place: SoakPlace): readonly string[];
  /** Lets one thing go wrong; gives what. `random` is of [0, 1). */
  mishap(random: () => number): string;
  /** From now on nothing goes wrong any more. */
  heal(): void;
  forget(place: SoakPlace): void;
  /** Figures of the platform's own, such as refused calls. */
  figures(): Readonly<Record<string, number>>;
}

import type { JournalEntry } from "../core/journal.ts";

/** Where a session's workspace is, and which copies of it there are, as its journal tells. */
export class KeptFiles {
  #place: string | undefined;
  #copies: readonly Copy[] = [];
  #touched = false;
  #carried: readonly string[] = [];

  /** The disk that it was used on last; undefined while nobody noted any. */
  get place(): string | undefined {
    return this.#place;
  }

  /** The newest first. Older ones than the second are taken away. */
  get copies(): readonly Copy[] {
    return this.#copies;
  }

  /** Whether something may have been written there that the newest copy has not. */
  get touched(): boolean {
    return this.#touched;
  }

  /** Files since the newest copy that the journal tells of. */
  get carried(): readonly string[] {
    return this.#carried;
  }

  apply(entry: JournalEntry): void {
    const { type } = entry;
    if (type === "workspace-placed") this.#place = entry.place;
    if (type === "workspace-kept") this.#keep(entry);
    if (type === "nested" || type === "approved-call") this.#touched = true;
    if (type === "step") this.#touched ||= entry.intents.length > 0;
    if (type === "message") this.#touched ||= entry.paths.length > 0;
    const files = filesOf(entry).filter((path) => !this.#carried.includes(path));
    if (files.length > 0) this.#carried = [...this.#carried, ...files];
  }

  #keep({ blob, at }: Extract<JournalEntry, { type: "workspace-kept" }>): void {
    this.#touched = false;
    this.#carried = [];
    if (blob === undefined) return;
    // The same once more where nothing had changed.
    const others = this.#copies.filter((copy) => copy.blob !== blob);
    this.#copies = [{ blob, at }, ...others].slice(0, 3);
  }
}

/** Files in the workspace that an entry tells of, and that a turn which goes on elsewhere needs. */
export function filesOf(entry: JournalEntry): readonly string[] {
  if (entry.type === "nested") return filesOf(entry.entry);
  if (entry.type === "message") return entry.paths;
  const files =
    entry.type === "tool-result"
      ? [entry.result.measures.fullOutput]
      : entry.type === "context-trimmed"
        ? entry.cuts.map(({ file }) => file)
        : entry.type === "context-summarized"
          ? [entry.file]
          : [];
  return files.flatMap((file) => file ?? []);
}

export interface Copy {
  readonly blob: string;
  readonly at: number;
}

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
    switch (entry.type) {
      case "workspace-placed":
        this.#place = entry.place;
        return;
      case "workspace-kept":
        this.#keep(entry);
        this.#touched = false;
        this.#carried = [];
        return;
      case "step":
        this.#touched ||= entry.intents.length > 0;
        return;
      case "nested":
      case "approved-call":
        this.#touched = true;
        break;
      default:
    }
    const files = filesOf(entry).filter((path) => !this.#carried.includes(path));
    if (files.length > 0) this.#carried = [...this.#carried, ...files];
  }

  /** The same once more where nothing had changed. */
  #keep({ blob, at }: Copy): void {
    const others = this.#copies.filter((copy) => copy.blob !== blob);
    this.#copies = [{ blob, at }, ...others].slice(0, 3);
  }
}

/** Files in the workspace that an entry tells of, and that a turn which goes on elsewhere needs. */
export function filesOf(entry: JournalEntry): readonly string[] {
  switch (entry.type) {
    case "nested":
      return filesOf(entry.entry);
    case "message":
      return entry.paths;
    case "tool-result": {
      const { fullOutput } = entry.result.measures;
      return fullOutput === undefined ? [] : [fullOutput];
    }
    case "context-trimmed":
      return entry.cuts.flatMap(({ file }) => file ?? []);
    case "context-summarized":
      return entry.file === undefined ? [] : [entry.file];
    default:
      return [];
  }
}

export interface Copy {
  readonly blob: string;
  readonly at: number;
}

/** What can go wrong with a post, as a platform's client sees it. */
export type PostFault =
  /** The platform says that it is not available, and did not take the post. */
  | { readonly type: "unavailable" }
  /** The connection breaks; the post was taken, or not, and the bot can't know. */
  | { readonly type: "connection-lost"; readonly taken: boolean }
  /** The platform will never take it. */
  | { readonly type: "rejected" }
  | { readonly type: "rate-limited"; readonly retryAfterMs: number };

/** What can happen to an event on its way to the bot. */
export type EventFault =
  | { readonly type: "duplicated" }
  | { readonly type: "delayed"; readonly ms: number };

/** Lets the next things go wrong, in the order given: for tests. */
export interface ConsoleFaults {
  nextPost(fault: PostFault): void;
  nextEvent(fault: EventFault): void;
  /** From now on the file can't be downloaded. */
  loseFile(attachmentId: string): void;
}

/** The faults still to come. */
export interface PendingFaults {
  readonly posts: PostFault[];
  readonly events: EventFault[];
  readonly lostFiles: Set<string>;
}

export function consoleFaults(pending: PendingFaults): ConsoleFaults {
  return {
    nextPost: (fault) => void pending.posts.push(fault),
    nextEvent: (fault) => void pending.events.push(fault),
    loseFile: (attachmentId) => void pending.lostFiles.add(attachmentId),
  };
}

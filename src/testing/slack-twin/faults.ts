/** What can go wrong with a call of the Web API, as its client sees it. */
export type SlackCallFault =
  /** The line is cut, after the call took effect, or before. */
  | { readonly type: "drop"; readonly taken: boolean }
  /** A status that is not 200, after the call took effect, or before. */
  | { readonly type: "status"; readonly status: number; readonly taken: boolean }
  | { readonly type: "rate-limited"; readonly retryAfterS: number }
  /** Slack's own words, such as `is_archived`. */
  | { readonly type: "error"; readonly error: string }
  /** The answer comes when `until` resolves. */
  | { readonly type: "slow"; readonly until: Promise<void> };

/** Lets the next things go wrong: for tests. */
export interface SlackFaults {
  /** Of the next call of `method`, in the order given. */
  call(method: string, fault: SlackCallFault): void;
  /** The next thing that is said arrives twice. */
  duplicateEvent(): void;
  /** From now on the file is gone. */
  loseFile(id: string): void;
  /** From now on downloads end at the page that asks to sign in. */
  signOut(): void;
}

export interface PendingFaults {
  readonly calls: Map<string, SlackCallFault[]>;
  duplicates: number;
  signedOut: boolean;
}

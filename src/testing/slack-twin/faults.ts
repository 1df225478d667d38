/** What can go wrong with a call of the Web API, as its client sees it. */
export type SlackCallFault =
  /** The line is cut, after the call took effect, or before. */
  | { readonly type: "drop"; readonly taken: boolean }
  /** A status that is not 200, after the call took effect, or before. */
  | { readonly type: "status"; readonly status: number; readonly taken: boolean }
  | { readonly type: "rate-limited"; readonly retryAfterS: number }
  /** Slack's own words, such as `is_archived`. */
  | { readonly type: "error"; readonly error: string }
  /** The call takes effect when `until` resolves, and is answered then. */
  | { readonly type: "slow"; readonly until: Promise<void> }
  /** The call takes effect at once; the answer comes when `until` resolves. */
  | { readonly type: "late"; readonly until: Promise<void> };

/** Lets the next things go wrong: for tests. */
export interface SlackFaults {
  /**
   * Of the next call of `method` whose arguments are such, in the order given. `upload` and `download` are those of files,
   * with their `id`.
   */
  call(method: string, fault: SlackCallFault, isMeant?: IsMeant): void;
  /** The next thing that is said arrives twice. */
  duplicateEvent(): void;
  /** From now on the file is gone. */
  loseFile(id: string): void;
  /** The next thing that the app acknowledges counts as not acknowledged. */
  loseAck(): void;
  /** The next files that are shared are not, although Slack says so. */
  loseShare(): void;
  /** Takes back what has not gone wrong yet. */
  none(): void;
  /** From now on downloads end at the page that asks to sign in. */
  signOut(): void;
}

export type IsMeant = (args: URLSearchParams) => boolean;

export interface PendingFaults {
  readonly calls: { method: string; fault: SlackCallFault; isMeant: IsMeant }[];
  duplicates: number;
  lostAcks: number;
  lostShares: number;
  signedOut: boolean;
}

/** The fault that this call meets, which then is over. */
export function takeFault(
  { calls }: PendingFaults,
  { method, args }: { readonly method: string; readonly args: URLSearchParams },
): SlackCallFault | undefined {
  const at = calls.findIndex((each) => each.method === method && each.isMeant(args));
  return at === -1 ? undefined : calls.splice(at, 1)[0]?.fault;
}

/** What can go wrong with a call of the REST API, as its client sees it. */
export type DiscordCallFault =
  /** The line is cut, after the call took effect, or before. */
  | { readonly type: "drop"; readonly taken: boolean }
  /** A status of a server that failed, after the call took effect, or before. */
  | { readonly type: "status"; readonly status: number; readonly taken: boolean }
  /** Of the route, or of all of them. */
  | {
      readonly type: "rate-limited";
      readonly retryAfterS: number;
      readonly scope?: "user" | "shared" | "global";
    }
  /** Discord's own words: a status, a code and a sentence. */
  | {
      readonly type: "error";
      readonly status: number;
      readonly code: number;
      readonly message: string;
    }
  /** The call takes effect, and the answer comes, when `until` resolves. */
  | { readonly type: "slow"; readonly until: Promise<void> }
  /** The call takes effect at once, and the answer comes when `until` resolves. */
  | { readonly type: "late"; readonly until: Promise<void> };

/** One call: its route as Discord's documentation has it, such as `POST /channels/{}/messages`, and what it carries. */
export interface DiscordCall {
  readonly route: string;
  readonly path: string;
  readonly body: unknown;
}

/** Lets the next things go wrong: for tests. */
export interface DiscordFaults {
  /** Of the next call of `route` that `isMeant` is true of, in the order given. */
  call(route: string, fault: DiscordCallFault, isMeant?: (call: DiscordCall) => boolean): void;
  /** The next thing that is said arrives twice. */
  duplicateEvent(): void;
  /** From now on the file is gone. */
  loseFile(id: string): void;
  /** What was ordered and did not come about yet does not. */
  none(): void;
}

export interface PendingFaults {
  readonly calls: {
    readonly route: string;
    readonly fault: DiscordCallFault;
    readonly isMeant: (call: DiscordCall) => boolean;
  }[];
  duplicates: number;
  readonly lostFiles: Set<string>;
}

/** The fault that this call meets, which then is over. */
export function takeFault(
  { calls }: PendingFaults,
  call: DiscordCall,
): DiscordCallFault | undefined {
  const at = calls.findIndex((each) => each.route === call.route && each.isMeant(call));
  return at === -1 ? undefined : calls.splice(at, 1)[0]?.fault;
}

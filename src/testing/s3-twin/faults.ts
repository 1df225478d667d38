import type { S3Operation } from "./request.ts";

/** What can go wrong with a request, as its client sees it. */
export type S3Fault =
  /** S3 failed inside, after the request took effect, or before. */
  | { readonly type: "failed"; readonly taken: boolean }
  /** Asked too much of. */
  | { readonly type: "slow-down" }
  /** An answer of S3's, in its words. */
  | { readonly type: "refused"; readonly status: number; readonly code: string }
  /** The connection is cut, after the request took effect, or before. */
  | { readonly type: "drop"; readonly taken: boolean }
  /** Of the body of what is given, so many bytes come, and then the connection is cut. */
  | { readonly type: "cut"; readonly after: number }
  /** The request takes effect, and the answer comes, when `until` resolves. */
  | { readonly type: "slow"; readonly until: Promise<void> };

export interface PendingFault {
  readonly operation: S3Operation;
  readonly fault: S3Fault;
}

/** The fault that this request meets, which then is over. */
export function takeFault(pending: PendingFault[], operation: S3Operation): S3Fault | undefined {
  const at = pending.findIndex((each) => each.operation === operation);
  return at < 0 ? undefined : pending.splice(at, 1)[0]?.fault;
}

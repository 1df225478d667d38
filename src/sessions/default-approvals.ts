import type { ApprovalPolicy } from "./widen.ts";

/** A day to answer; up to 4 GiB of memory, an hour a command, eight hours a task; no secrets. */
export const defaultApprovals: ApprovalPolicy = {
  expiresAfterMs: 24 * 60 * 60_000,
  selfApproval: true,
  maxLimits: { memoryBytes: 4 * 1024 ** 3, commandMs: 60 * 60_000, taskMs: 8 * 60 * 60_000 },
  secrets: [],
};

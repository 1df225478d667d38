import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { RefusalReason } from "./refusal.ts";

/** What is kept of a request or tunnel. Never a header, a query or a body. */
export interface EgressEvent {
  readonly type: "request" | "tunnel-opened" | "tunnel-ended";
  readonly sessionId: string;
  /** When it began. */
  readonly at: number;
  readonly method?: string;
  readonly host?: string;
  readonly port?: number;
  /** Without its query, redacted, cut. */
  readonly path?: string;
  /** The address that was dialled or refused. */
  readonly address?: string;
  /** `failed`: it was granted, but the other side or a limit ended it. */
  readonly decision: "allowed" | "refused" | "failed";
  readonly reason?: RefusalReason;
  /** The answer's status; of a tunnel, the proxy's. */
  readonly status?: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly ms: number;
  /** Names of the secrets that were added. */
  readonly secrets: readonly string[];
  /** So many more connections were turned away since the last event of this kind. */
  readonly repeated?: number;
}

export interface AuditOptions {
  readonly sessionId: string;
  readonly audit: (event: EgressEvent) => void;
  readonly clock: Pick<Clock, "now">;
  readonly logger: Logger;
}

/** Hands an event over. An audit that throws is reported and does not change what happens to the request. */
export function createAudit({ sessionId, audit, clock, logger }: AuditOptions) {
  const report = (event: Omit<EgressEvent, "sessionId">): void => {
    try {
      audit({ sessionId, ...event });
    } catch (error) {
      logger.error({ sessionId, error: messageOf(error) }, "Cannot audit a network request");
    }
  };
  let toldAt = Number.NEGATIVE_INFINITY;
  let untold = 0;
  return {
    report,
    /** A connection that was not even read. A flood of them becomes one event a second. */
    turnedAway(reason: RefusalReason, status: number): void {
      const now = clock.now();
      if (now - toldAt < 1_000) {
        untold += 1;
        return;
      }
      const repeated = untold === 0 ? {} : { repeated: untold };
      report({ ...emptyEvent, at: now, decision: "refused", reason, status, ...repeated });
      toldAt = now;
      untold = 0;
    },
  };
}

export type Audit = ReturnType<typeof createAudit>;

const emptyEvent = {
  type: "request",
  bytesUp: 0,
  bytesDown: 0,
  ms: 0,
  secrets: [],
} as const;

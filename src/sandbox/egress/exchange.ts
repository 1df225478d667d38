import type { Clock } from "../../core/clock.ts";
import type { Audit, EgressEvent } from "./audit.ts";
import type { Endpoint } from "./host-name.ts";
import type { Meter } from "./limits.ts";
import { isRefusal, refuse, statusOf, type Refusal } from "./refusal.ts";

/** One request or tunnel from its beginning to its end: what it uses, what may end it, what is kept of it. */
export interface Exchange extends Disposable {
  /** Aborts with a {@link Refusal} when it must end: grant withdrawn, limit reached, idle, closed. */
  readonly signal: AbortSignal;
  readonly endpoint: Endpoint | undefined;
  readonly secrets: readonly string[];
  /** What becomes known of it on the way. */
  note(facts: Facts): void;
  sent(bytes: number): void;
  received(bytes: number): void;
  cut(refusal: Refusal): void;
  /** From now on, others watch over whether anything moves. */
  neverIdle(): void;
  opened(): void;
  /** The first call counts. Disposing ends it when nothing else has: something failed that nobody thought of. */
  end(outcome: { readonly status?: number } | Refusal): void;
}

export interface Facts {
  readonly endpoint?: Endpoint;
  readonly address?: string;
  readonly path?: string;
  readonly secrets?: readonly string[];
}

export interface ExchangesOptions {
  readonly audit: Audit;
  readonly clock: Pick<Clock, "now">;
  readonly meter: Meter;
  readonly idleMs: number;
}

export interface Exchanges {
  readonly open: ReadonlySet<Exchange>;
  begin(method: string, type: "request" | "tunnel"): Exchange;
}

export function createExchanges({ audit, clock, meter, idleMs }: ExchangesOptions): Exchanges {
  const open = new Set<Exchange>();
  return {
    open,
    begin(method, type) {
      const at = clock.now();
      const controller = new AbortController();
      let facts: Facts = {};
      let bytesUp = 0;
      let bytesDown = 0;
      let hasEnded = false;
      const cut = (refusal: Refusal): void => controller.abort(refusal);
      const timer = setTimeout(
        () => cut(refuse("idle", "nothing was sent or received for too long")),
        idleMs,
      );
      timer.unref();

      const event = (
        decision: EgressEvent["decision"],
      ): Omit<EgressEvent, "sessionId" | "type"> => ({
        at,
        method,
        ...facts.endpoint,
        ...(facts.path === undefined ? {} : { path: facts.path }),
        ...(facts.address === undefined ? {} : { address: facts.address }),
        decision,
        bytesUp,
        bytesDown,
        ms: clock.now() - at,
        secrets: facts.secrets ?? [],
      });

      const exchange: Exchange = {
        signal: controller.signal,
        get endpoint() {
          return facts.endpoint;
        },
        get secrets() {
          return facts.secrets ?? [];
        },
        note(more) {
          facts = { ...facts, ...more };
        },
        sent(bytes) {
          bytesUp += bytes;
          timer.refresh();
          const over = meter.sent(bytes);
          if (over) cut(over);
        },
        received(bytes) {
          bytesDown += bytes;
          timer.refresh();
          const over = meter.received(bytes);
          if (over) cut(over);
        },
        cut,
        neverIdle: () => clearTimeout(timer),
        opened() {
          audit.report({ type: "tunnel-opened", ...event("allowed"), status: 200 });
        },
        end(outcome) {
          if (hasEnded) return;
          hasEnded = true;
          clearTimeout(timer);
          open.delete(exchange);
          const name = type === "request" ? "request" : "tunnel-ended";
          if (!isRefusal(outcome)) {
            audit.report({ type: name, ...event("allowed"), ...outcome });
            return;
          }
          const { reason } = outcome;
          const status = statusOf(outcome);
          const decision = status >= 502 ? "failed" : "refused";
          audit.report({ type: name, ...event(decision), reason, status });
        },
        [Symbol.dispose]: () => exchange.end(refuse("upstream-failed", "something failed")),
      };
      open.add(exchange);
      return exchange;
    },
  };
}

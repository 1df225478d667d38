import type { Clock } from "../core/clock.ts";
import type { Store } from "../store/store.ts";
import { manualClock, type ManualClock } from "./manual-clock.ts";
import { inboxCases } from "./store-suite-inbox.ts";
import { journalCases } from "./store-suite-journal.ts";
import { leaseCases } from "./store-suite-lease.ts";
import { outboxCases } from "./store-suite-outbox.ts";
import { rememberedCases } from "./store-suite-remembered.ts";
import { scheduleCases } from "./store-suite-schedules.ts";
import { sessionCases } from "./store-suite-sessions.ts";
import { spendCases } from "./store-suite-spends.ts";
import { defineSuite, type SuiteOptions } from "./suite.ts";

/** A store that a test has for itself; disposing it closes it and removes its data. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: Store;
  /** Closes the store and opens it anew on the same data, as the next process would. */
  readonly reopen: () => Promise<Store>;
}

/** What each case of the store's suite gets. */
export interface StoreSubject extends StoreUnderTest {
  readonly clock: ManualClock;
}

export type StoreCases = Readonly<Record<string, (subject: StoreSubject) => Promise<void>>>;

/**
 * What every driver of the {@link Store} port must do. Crashes are not simulated here: see store-crash.ts.
 *
 * @example
 * storeSuite({ test, open: async (clock) => openMyStoreOnEmptyData(clock) });
 */
export function storeSuite(
  options: SuiteOptions & {
    /** Opens a store without data that takes its time from `clock`. */
    readonly open: (clock: Clock) => Promise<StoreUnderTest>;
  },
): void {
  const open = async (): Promise<StoreSubject> => {
    const clock = manualClock();
    return { ...(await options.open(clock)), clock };
  };
  const cases = {
    ...inboxCases,
    ...leaseCases,
    ...journalCases,
    ...sessionCases,
    ...spendCases,
    ...outboxCases,
    ...rememberedCases,
    ...scheduleCases,
  };
  defineSuite(cases, { ...options, open });
}

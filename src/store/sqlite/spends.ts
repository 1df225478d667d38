import type { Clock } from "../../core/clock.ts";
import { nothingSpent, Spent } from "../../core/spent.ts";
import type { Append, Store } from "../store.ts";
import type { Database } from "./database.ts";

export interface Spends extends Pick<Store, "spent"> {
  /** Adds up, within the running transaction. */
  readonly add: (spends: NonNullable<Append["spends"]>) => void;
  /** Forgets the accounts of days that nobody asks for any more. */
  readonly forget: () => void;
}

/** What sessions used, by account and day. */
export function spends({ run, get }: Database, clock: Clock): Spends {
  return {
    add(added) {
      for (const { name, day, spent } of added) run(addSql, { name, day, ...spent });
    },
    forget() {
      run(forgetSql, { before: new Date(clock.now() - keptMs).toISOString().slice(0, 10) });
    },
    async spent(accounts) {
      return accounts.map(({ name, day }) => get(Spent, spentSql, { name, day }) ?? nothingSpent);
    },
  };
}

const keptMs = 35 * 24 * 60 * 60 * 1000;

const addSql = `INSERT INTO spends (account, day, steps, tokens, usd, ms)
  VALUES (:name, :day, :steps, :tokens, :usd, :ms)
  ON CONFLICT (account, day) DO UPDATE SET steps = steps + excluded.steps,
    tokens = tokens + excluded.tokens, usd = usd + excluded.usd, ms = ms + excluded.ms`;
const spentSql = "SELECT steps, tokens, usd, ms FROM spends WHERE account = :name AND day = :day";
const forgetSql = "DELETE FROM spends WHERE day < :before";

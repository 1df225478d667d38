import { budgetsOf, countsMoney } from "../../agent/budget-config.ts";
import { requirePrices } from "../../agent/prices.ts";
import { type BotOptions, withOffline } from "../../bot-options.ts";
import type { Config } from "../../config.ts";
import { systemClock } from "../../core/clock.ts";
import { requireStoreFor, type Role } from "../../open-durable.ts";
import { openModel } from "../../open-model.ts";
import { requireAdapters } from "../../schedule/open-scheduler.ts";
import { diff } from "../../tasks/diff/index.ts";
import { logs } from "../../tasks/logs/index.ts";

/**
 * What a bot refuses when it is made, without making one: nothing is opened or connected.
 * @throws {OpsthreadError} `CONFIG_INVALID`
 */
export async function checkOptions(
  { adapters, redis, keys = {}, urls }: BotOptions,
  { config, role }: { readonly config: Config; readonly role: Role },
): Promise<void> {
  const { schedules, budget = {}, prices = {} } = config;
  requireStoreFor({ role, redis });
  requireAdapters(schedules, new Map(adapters.map((adapter) => [adapter.platform, adapter])));
  const model = await openModel([config.model ?? "offline"].flat(), {
    keys,
    tasks: [logs, diff],
    clock: systemClock,
    ...(urls && { urls }),
  });
  if (countsMoney(budgetsOf(budget))) requirePrices(model, withOffline(prices));
}

import { expect, test } from "vitest";
import { z } from "zod";

import { Config } from "../../src/config.ts";
import { ScheduleDefinition, Schedules } from "../../src/schedule/definition.ts";

const usable = {
  id: "nightly",
  cron: "0 3 * * *",
  message: "look at the logs",
  channel: "slack:T1:C1",
};

test("a schedule needs an id, a rule, a message and a channel; the rest has defaults", () => {
  expect(ScheduleDefinition.parse(usable)).toEqual({
    ...usable,
    timezone: "UTC",
    thread: "new",
    missed: "skip",
    overlap: "skip",
    jitterMs: 0,
  });
});

test.each([
  [{ cron: "61 * * * *" }, "cron", /Invalid value for minute: 61; expected five fields/],
  [{ cron: "* * * * * *" }, "cron", /^Cannot use "\* \* \* \* \* \*"; expected five fields/],
  [{ cron: "0 0 31 2 *" }, "cron", /never comes/],
  [{ cron: "@reboot" }, "cron", /not supported/],
  [{ timezone: "Mars/Base" }, "timezone", /no time zone "Mars\/Base": expected an IANA name/],
  [{ channel: "C1" }, "channel", /expected platform:workspace:channel/],
  [{ channel: "slack:T1:*" }, "channel", /expected platform:workspace:channel/],
  [{ id: "My Report" }, "id", /a-z, 0-9/],
  [{ message: "  " }, "message", /./],
  [{ message: "approve always" }, "message", /only a person may decide or stop/],
  [{ message: "stop" }, "message", /only a person may decide or stop/],
  [{ missed: "all" }, "missed", /"skip"\|"once"/],
  [{ overlap: "kill" }, "overlap", /"skip"\|"queue"/],
  [{ jitterMs: -1 }, "jitterMs", />=0/],
])("%o is refused, with its place and what is expected", (change, place, message) => {
  const { error } = ScheduleDefinition.safeParse({ ...usable, ...change });
  expect(error?.issues.map(({ path }) => path[0])).toEqual([place]);
  expect(error?.issues[0]?.message).toMatch(message);
});

test.each([
  "@daily",
  "0 9 * * MON-FRI",
  "0 0 L * *",
  "0 0 29 2 *",
  "*/5 * * * *",
  "2020-01-31T09:00:00",
])("%s is a rule", (cron) => {
  expect(ScheduleDefinition.safeParse({ ...usable, cron }).success).toBe(true);
});

test("two schedules can't have one id", () => {
  const { error } = Schedules.safeParse([usable, { ...usable, message: "other" }]);
  expect(error?.issues[0]).toMatchObject({ path: [1, "id"] });
});

test("a configuration tells the place of what is wrong, and what to do", () => {
  const { error } = Config.safeParse({
    slack: {},
    access: { admins: ["slack:T1:U1"] },
    schedules: [usable, { ...usable, id: "other", cron: "0 25 * * *" }],
  });

  expect(error && z.prettifyError(error)).toBe(
    '✖ Invalid value for hour: 25; expected five fields (minute, hour, day, month, weekday), as in "0 9 * * 1-5", or "@daily"\n  → at schedules[1].cron',
  );
});

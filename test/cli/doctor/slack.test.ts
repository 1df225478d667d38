import { expect, test } from "vitest";

import { checkSlack } from "../../../src/cli/doctor/slack.ts";
import { slackTwin } from "../../../src/testing/slack-twin/slack-twin.ts";

const { signal } = new AbortController();
const needed = [
  "app_mentions:read",
  "channels:history",
  "chat:write",
  "files:read",
  "files:write",
  "groups:history",
  "im:history",
];

test("good tokens are told with whose they are", async () => {
  await using slack = await slackTwin();
  const checks = await checkSlack(slack, { signal, apiUrl: slack.apiUrl });
  expect(checks).toEqual([
    { name: "slack bot token", status: "ok", text: "opsthread in Twin" },
    { name: "slack app token", status: "ok", text: "may open connections" },
  ]);
});

test.each([
  [needed.slice(1), "fail", "app_mentions:read"],
  [needed, "warn", "assistant:write"],
])("a token with the scopes %j: %s", async (scopes, status, missing) => {
  await using slack = await slackTwin({ scopes });
  const [check] = await checkSlack({ botToken: slack.botToken }, { signal, apiUrl: slack.apiUrl });
  expect(check).toMatchObject({ status, hint: expect.stringContaining("slack manifest") });
  expect(check?.text).toContain(missing);
});

test("tokens that Slack refuses or that are swapped fail, and say nothing of themselves", async () => {
  await using slack = await slackTwin();
  const swapped = { botToken: slack.appToken, appToken: slack.botToken };
  const checks = [
    ...(await checkSlack(swapped, { signal, apiUrl: slack.apiUrl })),
    ...(await checkSlack({ botToken: "xoxb-other" }, { signal, apiUrl: slack.apiUrl })),
  ];
  expect(checks.map(({ status, text }) => [status, text])).toEqual([
    ["fail", "Slack says not_allowed_token_type"],
    ["fail", "Slack says not_allowed_token_type"],
    ["fail", "Slack says invalid_auth"],
  ]);
  expect(JSON.stringify(checks)).not.toContain("xoxb");
});

test("without tokens there is nothing to check", async () => {
  expect(await checkSlack({}, { signal })).toEqual([]);
});

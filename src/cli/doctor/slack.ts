import {
  inspectAppToken,
  inspectBotToken,
  type TokenReport,
} from "../../adapters/slack/inspect.ts";
import type { SlackFeatures } from "../../adapters/slack/manifest.ts";
import type { Check } from "./check.ts";

export interface SlackTokens {
  readonly botToken?: string | undefined;
  readonly appToken?: string | undefined;
}

/** Whether Slack takes the tokens, and lets the bot do what its manifest asks for. Nothing where there are none. */
export async function checkSlack(
  { botToken = "", appToken = "" }: SlackTokens,
  {
    signal,
    apiUrl = "https://slack.com/api/",
    features = {},
  }: {
    readonly signal: AbortSignal;
    readonly apiUrl?: string;
    readonly features?: SlackFeatures;
  },
): Promise<readonly Check[]> {
  const options = { apiUrl, signal, features };
  return Promise.all([
    ...(botToken === ""
      ? []
      : [inspectBotToken(botToken, options).then((report) => checkOf("slack bot token", report))]),
    ...(appToken === ""
      ? []
      : [inspectAppToken(appToken, options).then((report) => checkOf("slack app token", report))]),
  ]);
}

function checkOf(name: string, report: TokenReport): Check {
  if (!report.ok) {
    const hint = `Take it from your app's page at https://api.slack.com/apps: docs/slack.md says where`;
    return { name, status: "fail", text: report.text, hint };
  }
  const { text, missing, lacking } = report;
  const hint = "Update the app by `opsthread slack manifest`, and install it again";
  if (missing.length > 0)
    return {
      name,
      status: "fail",
      text: `${text}, without the scopes ${missing.join(", ")}`,
      hint,
    };
  if (lacking.length > 0)
    return {
      name,
      status: "warn",
      text: `${text}; less works without the scopes ${lacking.join(", ")}`,
      hint,
    };
  return { name, status: "ok", text };
}

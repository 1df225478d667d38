import { oauthApp } from "./methods/oauth.ts";
import type { SlackTeams } from "./teams.ts";

/** What Slack's page does when the person allows the app: https://docs.slack.dev/authentication/installing-with-oauth */
export function allowInstall(
  teams: SlackTeams,
  {
    address,
    teamId,
    isOrg,
  }: { readonly address: string; readonly teamId: string; readonly isOrg: boolean },
): string {
  const asked = new URL(address).searchParams;
  const back = new URL(asked.get("redirect_uri") ?? "");
  if (asked.get("client_id") !== oauthApp.clientId) throw new TypeError("Another app's client_id");
  back.searchParams.set("code", teams.codeFor(teamId, { scopes: asked.get("scope") ?? "", isOrg }));
  back.searchParams.set("state", asked.get("state") ?? "");
  return back.href;
}

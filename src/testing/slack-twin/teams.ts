import type { Delivery } from "./delivery.ts";
import type { SlackEvents } from "./events.ts";
import type { PendingFaults } from "./faults.ts";
import type { SlackSide } from "./methods/method.ts";
import { type SlackPerson, slackPerson } from "./person.ts";
import { Refusal } from "./refusal.ts";
import type { SlackWorkspace } from "./workspace.ts";

/** One workspace that the app is installed in. */
export interface SlackTeam extends SlackPerson {
  readonly teamId: string;
  readonly botUserId: string;
  /** Of the latest installation. */
  readonly botToken: string;
  /** Removes the app: its token is void from now on, and the app is told so. */
  uninstall(): void;
}

type Side = Omit<SlackSide, "url">;

interface KnownTeam {
  readonly team: SlackTeam;
  readonly workspace: SlackWorkspace;
}

/** All workspaces that there are, by their tokens and codes. */
export interface SlackTeams {
  /** Adds a workspace that the app is not installed in yet. */
  add(workspace: SlackWorkspace, events: SlackEvents): SlackTeam;
  /** What a token is for; undefined for none of ours. */
  sideOf(token: string): Side | undefined;
  /** A code as Slack gives it when a person allows the app: for one use. */
  codeFor(teamId: string, granted: { readonly scopes: string; readonly isOrg?: boolean }): string;
  /** The token for a code. */
  install(code: string): object;
}

export function slackTeams({
  delivery,
  ticket,
  faults,
}: {
  readonly faults: PendingFaults;
  readonly delivery: Delivery;
  readonly ticket: () => string;
}): SlackTeams {
  const teams = new Map<string, KnownTeam>();
  const tokens = new Map<string, Side>();
  const revoked = new Set<string>();
  const codes = new Map<string, { teamId: string; scopes: string; isOrg: boolean }>();
  const known = (teamId: string): KnownTeam => {
    const found = teams.get(teamId);
    if (!found) throw new TypeError(`No team ${teamId}`);
    return found;
  };
  const sides = new Map<string, Side>();
  const all: SlackTeams = {
    add(workspace, events) {
      const { teamId, bot } = workspace;
      let botToken = "";
      const team: SlackTeam = {
        ...slackPerson(workspace, events),
        teamId,
        botUserId: bot.userId,
        get botToken() {
          return [...tokens].findLast(([, side]) => side.workspace === workspace)?.[0] ?? botToken;
        },
        uninstall() {
          botToken = team.botToken;
          revoked.add(botToken);
          tokens.delete(botToken);
          for (const event of [
            { type: "tokens_revoked", tokens: { oauth: [], bot: [bot.userId] } },
            { type: "app_uninstalled" },
          ])
            delivery.enqueue({
              about: `${event.type}:${teamId}`,
              type: "events_api",
              payload: {
                team_id: teamId,
                api_app_id: bot.appId,
                event,
                type: "event_callback",
                event_id: workspace.nextId("Ev"),
                event_time: Number(workspace.nextTs().split(".")[0]),
              },
            });
        },
      };
      teams.set(teamId, { team, workspace });
      const install = (code: string): object => all.install(code);
      sides.set(teamId, { workspace, events, ticket, install, faults });
      return team;
    },
    sideOf(token) {
      if (revoked.has(token)) throw new Refusal("account_inactive");
      return tokens.get(token);
    },
    codeFor(teamId, { scopes, isOrg = false }) {
      const code = known(teamId).workspace.nextId("code");
      codes.set(code, { teamId, scopes, isOrg });
      return code;
    },
    install(code) {
      const granted = codes.get(code);
      codes.delete(code);
      const side = granted && sides.get(granted.teamId);
      if (!side) throw new Refusal("invalid_code");
      const { workspace } = side;
      const token = `xoxb-${workspace.nextId("token")}`;
      tokens.set(token, side);
      const { teamId, bot } = workspace;
      return {
        app_id: bot.appId,
        authed_user: { id: "U0ADMIN01" },
        scope: granted.scopes,
        token_type: "bot",
        access_token: token,
        bot_user_id: bot.userId,
        team: granted.isOrg ? null : { id: teamId, name: `Team ${teamId}` },
        enterprise: granted.isOrg ? { id: "E0TWIN001", name: "Twins" } : null,
        is_enterprise_install: granted.isOrg,
      };
    },
  };
  return all;
}

import type { SlackWorkspace } from "./workspaces.ts";

/**
 * Takes what Slack tells. What it resolves with goes along with the acknowledgement; what it rejects is not acknowledged,
 * so that Slack tells it again.
 */
export type HandleEvent = (body: unknown) => Promise<object | undefined>;

/** Takes its own kind of what Slack tells in one workspace; undefined for any other. */
export type Handler = (
  body: unknown,
  workspace: SlackWorkspace,
) => Promise<object | undefined> | undefined;

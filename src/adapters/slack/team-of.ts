import { z } from "zod";

/**
 * The workspace whose installation something is told for. In a channel that is shared with other workspaces `team_id` may
 * be another one's. https://docs.slack.dev/apis/events-api/#authorizations
 */
export function teamOf(body: unknown): string | undefined {
  const parsed = Told.safeParse(body);
  if (!parsed.success) return undefined;
  const { authorizations, context_team_id, team_id, team, user } = parsed.data;
  const [installed] = authorizations ?? [];
  return installed?.team_id ?? context_team_id ?? team_id ?? team?.id ?? user?.team_id ?? undefined;
}

const id = z.string().nullish();
const Told = z.object({
  authorizations: z.array(z.object({ team_id: id })).nullish(),
  context_team_id: id,
  team_id: id,
  team: z.object({ id }).nullish(),
  user: z.object({ team_id: id }).nullish().catch(undefined),
});

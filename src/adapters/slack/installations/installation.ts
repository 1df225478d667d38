import { z } from "zod";

/** The bot in one workspace: who it is there, and the token that says so. */
export const Installation = z.object({
  teamId: z.string().regex(/^T[A-Z0-9]{1,30}$/, "expected the id of a workspace, such as T0123456"),
  teamName: z.string().optional(),
  botToken: z.string().min(1),
  botId: z.string().min(1),
  botUserId: z.string().min(1),
  scopes: z.array(z.string()).readonly(),
  /** The id of who installed it. */
  installedBy: z.string(),
  /** Milliseconds since the epoch. */
  installedAt: z.number(),
});
export type Installation = z.infer<typeof Installation>;

/** Where installations are kept; {@link fileInstallations} is one. They hold tokens: keep them as safe as those. */
export interface InstallationStore {
  /** Keeps it in the place of an earlier one of the same workspace. What it resolved for is durable. */
  save(installation: Installation): Promise<void>;
  find(teamId: string): Promise<Installation | undefined>;
  /** Harmless where there is none. */
  remove(teamId: string): Promise<void>;
}

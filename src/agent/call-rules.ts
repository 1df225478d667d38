import { z } from "zod";

const Rule = z.enum(["allow", "ask", "deny"]);
const patterns = z
  .array(z.string().regex(/\S/, "expected a pattern of at least one word"))
  .readonly();

/**
 * What shell commands need before they run. Each simple command that a command line may run is looked up by itself, and
 * the strictest verdict holds: refused if a pattern of `deny` is met, asked for if one of `ask` is or may be, else let
 * through if one of `allow` covers it, else what `otherwise` says. See docs/approvals.md for what a pattern is.
 */
export const CommandRules = z.strictObject({
  allow: patterns.optional(),
  ask: patterns.optional(),
  deny: patterns.optional(),
  otherwise: Rule,
});
export type CommandRules = z.infer<typeof CommandRules>;

/** What a bot asks for before tools run, besides what the tools say themselves. The strictest rule holds. */
export const CallRules = z.strictObject({
  /** By the tool's name; `*` for those that are not named, unless they say themselves that they need none. */
  tools: z.record(z.string(), Rule).readonly().optional(),
  /** For the commands of the shell tool, and of others that stand for a vendor's shell. */
  commands: CommandRules.optional(),
});
export type CallRules = z.infer<typeof CallRules>;

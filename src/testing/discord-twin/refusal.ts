/** What Discord says instead of doing it: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
export class DiscordRefusal extends Error {
  readonly status: number;
  readonly code: number;
  /** What is wrong with each field of the body. */
  readonly errors: object | undefined;

  constructor(status: number, code: number, message: string, errors?: object) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

export const refusals = {
  unauthorized: () => new DiscordRefusal(401, 0, "401: Unauthorized"),
  notFound: () => new DiscordRefusal(404, 0, "404: Not Found"),
  unknownChannel: () => new DiscordRefusal(404, 10_003, "Unknown Channel"),
  unknownMessage: () => new DiscordRefusal(404, 10_008, "Unknown Message"),
  unknownWebhook: () => new DiscordRefusal(404, 10_015, "Unknown Webhook"),
  unknownInteraction: () => new DiscordRefusal(404, 10_062, "Unknown interaction"),
  tooManyCommands: (max: number) =>
    new DiscordRefusal(400, 30_032, `Maximum number of application commands reached (${max})`),
  tooManyCreations: () =>
    new DiscordRefusal(
      400,
      30_034,
      "Max number of daily application command creates has been reached (200)",
    ),
  tooLarge: () => new DiscordRefusal(413, 40_005, "Request entity too large"),
  alreadyAcknowledged: () =>
    new DiscordRefusal(400, 40_060, "Interaction has already been acknowledged."),
  missingAccess: () => new DiscordRefusal(403, 50_001, "Missing Access"),
  notTheAuthor: () =>
    new DiscordRefusal(403, 50_005, "Cannot edit a message authored by another user"),
  empty: () => new DiscordRefusal(400, 50_006, "Cannot send an empty message"),
  closedToThisUser: () => new DiscordRefusal(403, 50_007, "Cannot send messages to this user"),
  notAText: () => new DiscordRefusal(400, 50_008, "Cannot send messages in a non-text channel"),
  missingPermissions: () => new DiscordRefusal(403, 50_013, "Missing Permissions"),
  wrongChannelType: () =>
    new DiscordRefusal(400, 50_024, "Cannot execute action on this channel type"),
  invalidWebhookToken: () => new DiscordRefusal(401, 50_027, "Invalid Webhook Token"),
  archived: () => new DiscordRefusal(400, 50_083, "Thread is archived"),
  threadExists: () =>
    new DiscordRefusal(400, 160_004, "A thread has already been created for this message"),
  locked: () => new DiscordRefusal(400, 160_005, "Thread is locked"),
} as const;

/** A body that is not as it must be, with what is wrong where. */
export function invalidForm(
  path: readonly PropertyKey[],
  code: string,
  message: string,
): DiscordRefusal {
  const errors = path.reduceRight<object>((inner, key) => ({ [key]: inner }), {
    _errors: [{ code, message }],
  });
  return new DiscordRefusal(400, 50_035, "Invalid Form Body", errors);
}

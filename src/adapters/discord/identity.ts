import { z } from "zod";

import { isOpsthreadError, OpsthreadError } from "../../core/errors.ts";
import type { DiscordApi } from "./api.ts";
import { unreachable } from "./failures.ts";

/** Who the bot is. */
export interface Identity {
  readonly userId: string;
  readonly applicationId: string;
  /** Whether it may read what is said without naming it. */
  readonly readsContent: boolean;
}

/**
 * Asks Discord who the token is.
 * @throws {OpsthreadError} `CONFIG_INVALID` for the token, `ADAPTER_UNAVAILABLE` where Discord can't be asked
 */
export async function identify(
  api: DiscordApi,
  { signal }: { readonly signal: AbortSignal },
): Promise<Identity> {
  try {
    const user = User.parse(await api.call("GET", "/users/@me", { signal }));
    const { id, flags } = Application.parse(await api.call("GET", "/applications/@me", { signal }));
    return {
      userId: user.id,
      applicationId: id,
      readsContent: (flags & (messageContent | messageContentLimited)) !== 0,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (isOpsthreadError(error) && error.data["status"] === 401)
      throw new OpsthreadError(
        "CONFIG_INVALID",
        "Cannot use botToken: Discord says it is not valid, expected the token of a bot; reset it at https://discord.com/developers/applications under Bot",
        { cause: error },
      );
    throw unreachable(error);
  }
}

/** https://discord.com/developers/docs/resources/application#application-object-application-flags */
const messageContent = 1 << 18;
const messageContentLimited = 1 << 19;

const User = z.object({ id: z.string().min(1) });
const Application = z.object({ id: z.string().min(1), flags: z.number().int().default(0) });

import { messageOf } from "../../../core/errors.ts";
import type { ModelEvent } from "../../model.ts";
import { isBroken, troubleOf } from "./failure.ts";
import { follow, type FollowOptions, type Outcome } from "./follow.ts";
import { Handle } from "./provider-state.ts";
import { isOver, WireResponse } from "./wire.ts";

type ResumeOptions = Omit<FollowOptions, "isBackground"> & { readonly endpoint: string };

/**
 * Takes a response up that an earlier process began. Undefined when there is none, or it came to nothing: it has to be
 * asked for anew then.
 */
export async function* resume(
  from: unknown,
  options: ResumeOptions,
): AsyncGenerator<ModelEvent, Outcome | undefined> {
  const { client, progress, signal, tell, endpoint } = options;
  const { data: handle } = Handle.safeParse(from);
  if (handle?.endpoint !== endpoint) return undefined;
  const { responseId } = handle;
  const found = await retrieve(responseId, options);
  if (found === undefined || found.type === "failed") return found;
  if (isOver(found.response)) return isAnswer(found) ? found : undefined;
  progress.responseId = responseId;
  // From its first event: what the earlier process streamed is no longer there.
  const outcome = yield* follow(() => client.follow(responseId, undefined, signal), {
    ...options,
    // That it has started is on record already.
    tell: (event) => (event.type === "response.created" ? [] : tell(event)),
    isBackground: true,
  });
  if (outcome.type === "failed") return isBroken(outcome.trouble) ? outcome : undefined;
  return isAnswer(outcome) ? outcome : undefined;
}

const isAnswer = ({ response }: Extract<Outcome, { type: "over" }>): boolean =>
  response.status === "completed" || response.status === "incomplete";

async function retrieve(
  responseId: string,
  { client, signal }: ResumeOptions,
): Promise<Outcome | undefined> {
  try {
    const parsed = WireResponse.safeParse(await client.retrieve(responseId, signal));
    if (parsed.success) return { type: "over", response: parsed.data };
    return { type: "failed", trouble: { code: "server_error", message: messageOf(parsed.error) } };
  } catch (error) {
    signal.throwIfAborted();
    const trouble = troubleOf(error);
    // Gone: it is kept for a limited time.
    return trouble.status === 404 ? undefined : { type: "failed", trouble };
  }
}

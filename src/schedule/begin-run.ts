import type { Adapter } from "../adapters/adapter.ts";
import type { Clock } from "../core/clock.ts";
import { isOpsthreadError, messageOf, OpsthreadError } from "../core/errors.ts";
import { stableKey, type ThreadRef } from "../core/ids.ts";
import type { Message } from "../core/message.ts";
import type { Schedule, ScheduleRun } from "../core/schedule.ts";
import type { Accepted } from "../store/store.ts";
import { channelOf } from "./definition.ts";

export interface BeginOptions {
  /** By platform. */
  readonly adapters: ReadonlyMap<string, Adapter>;
  /** Takes a message in, as if a person had said it. The same id is taken once. */
  readonly accept: (message: Message) => Promise<Accepted>;
  readonly redact: (text: string) => string;
  readonly clock: Clock;
}

/** What came of saying it. */
export type Begun =
  | { readonly type: "said"; readonly thread: ThreadRef }
  | { readonly type: "refused"; readonly reason: string }
  /** `isSure`: nothing was opened, so that it need not be looked for. */
  | {
      readonly type: "again";
      readonly reason: string;
      readonly isSure: boolean;
      readonly afterMs: number | undefined;
    };

/**
 * Says what a schedule says, in its thread, which is opened first where there is none. All of it can be repeated: the thread is
 * known by its key, and the message by its id.
 * @throws what the store throws
 */
export async function beginRun(
  schedule: Schedule,
  run: ScheduleRun,
  {
    thread: known,
    since,
    signal,
    ...options
  }: BeginOptions & {
    /** The one that it has already. */
    readonly thread: ThreadRef | undefined;
    /** An earlier try may have opened one, from this time on. */
    readonly since: number | undefined;
    readonly signal: AbortSignal;
  },
): Promise<Begun> {
  let thread: ThreadRef;
  try {
    thread = known ?? (await threadFor(schedule, run, { ...options, since, signal }));
  } catch (error) {
    signal.throwIfAborted();
    return begunOf(error);
  }
  const { id, message: text } = schedule;
  await options.accept({
    id: run.messageId,
    thread,
    actor: { id: `schedule:${id}`, name: `schedule ${id}`, roles: [] },
    kind: "command",
    text,
    attachments: [],
    schedule: id,
    sentAt: options.clock.now(),
  });
  return { type: "said", thread };
}

async function threadFor(
  { id, channel: text, thread, message }: Schedule,
  { fireAt }: ScheduleRun,
  {
    adapters,
    redact,
    since,
    signal,
  }: BeginOptions & { readonly since: number | undefined; readonly signal: AbortSignal },
): Promise<ThreadRef> {
  const channel = channelOf(text);
  const adapter = channel && adapters.get(channel.platform);
  if (!channel || !adapter)
    throw unusable(`"${text}" is on no platform of this bot, expected one that it has`);
  if (thread !== "new" && thread !== "same") return { ...channel, thread };
  if (!adapter.openThread)
    throw unusable(`"${channel.platform}" begins no threads, expected "thread" to name one`);
  const opening = {
    channel,
    key: stableKey("schedule", id, thread === "same" ? "same" : fireAt, text),
    title: `Schedule ${id}`,
    markdown: redact(`**Schedule ${id}**\n\n${message}`),
  };
  return await adapter.openThread(since === undefined ? opening : { ...opening, since }, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(openMs)]),
  });
}

/** Shorter than a claim, so that no other process begins the same meanwhile. */
const openMs = 20_000;

const unusable = (reason: string): OpsthreadError =>
  new OpsthreadError("CONFIG_INVALID", `Cannot open a thread: ${reason}`);

function begunOf(error: unknown): Begun {
  const reason = messageOf(error);
  if (isOpsthreadError(error, "ADAPTER_POST_REJECTED", "CONFIG_INVALID"))
    return { type: "refused", reason };
  const isSure = isOpsthreadError(error, "ADAPTER_POST_FAILED", "ADAPTER_RATE_LIMITED");
  const wait = isOpsthreadError(error) ? Number(error.data["retryAfterMs"]) : Number.NaN;
  return { type: "again", reason, isSure, afterMs: Number.isFinite(wait) ? wait : undefined };
}

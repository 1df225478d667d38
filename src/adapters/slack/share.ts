import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import { isOpsthreadError } from "../../core/errors.ts";
import type { ThreadRef } from "../../core/ids.ts";
import type { SlackApi } from "./api.ts";
import { escaped } from "./mrkdwn.ts";
import { spoken } from "./spoken.ts";

interface Sharing {
  readonly api: SlackApi;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Shows files in their thread, all in one message. Slack says "ok" before it does so, and sometimes does not: what can't
 * be seen after some looks is linked, so that nobody waits for it.
 * @throws {OpsthreadError} as {@link SlackApi.call}; not for files that Slack refuses, since the text is there
 */
export async function shareFiles(
  ids: readonly string[],
  thread: ThreadRef,
  { api, clock, signal }: Sharing,
): Promise<void> {
  const { channel } = thread;
  const files = ids.map((id) => ({ id }));
  const place = { channel_id: channel, thread_ts: thread.thread };
  try {
    await api.call("files.completeUploadExternal", { files, ...place }, { signal, waitMs });
  } catch (error) {
    if (!isOpsthreadError(error, "ADAPTER_POST_REJECTED")) throw error;
    return say(thread, "Slack did not take the files of this answer.", { api, signal });
  }
  const missing = await unseen(ids, channel, { api, clock, signal });
  if (missing.length === 0) return;
  const links = missing.map(({ name, permalink }) =>
    permalink === undefined ? escaped(name) : `<${permalink}|${escaped(name)}>`,
  );
  await say(thread, `Slack has these files, and did not show them here: ${links.join(", ")}`, {
    api,
    signal,
  });
}

const waitMs = 5000;

/** The files that are in no message of the channel, after some looks. */
async function unseen(
  ids: readonly string[],
  channel: string,
  { api, clock, signal }: Sharing,
): Promise<readonly FileInfo[]> {
  let missing: readonly FileInfo[] = [];
  let left = ids;
  for (const pauseMs of looksMs) {
    if (pauseMs > 0) await clock.sleep(pauseMs, { signal });
    const seen = await Promise.all(left.map((id) => lookAt(id, { api, signal })));
    // Where Slack can't be asked, its "ok" has to do.
    missing = seen.filter((file) => file !== undefined).filter((file) => !isIn(file, channel));
    left = missing.map(({ id }) => id);
    if (left.length === 0) break;
  }
  return missing;
}

const looksMs = [0, 500, 1000, 2000];

async function lookAt(
  id: string,
  { api, signal }: Pick<Sharing, "api" | "signal">,
): Promise<FileInfo | undefined> {
  const answer = await api.call("files.info", { file: id }, { signal, isSpare: true }).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
  const parsed = Answer.safeParse(answer);
  return parsed.success ? parsed.data.file : undefined;
}

const isIn = ({ shares }: FileInfo, channel: string): boolean =>
  shares?.public?.[channel] !== undefined || shares?.private?.[channel] !== undefined;

async function say(
  { channel, thread }: ThreadRef,
  text: string,
  { api, signal }: Pick<Sharing, "api" | "signal">,
): Promise<void> {
  const quiet = { unfurl_links: false, unfurl_media: false };
  const said = { channel, thread_ts: thread, ...spoken(`📎 ${text}`), ...quiet };
  await api.call("chat.postMessage", said, { signal, waitMs });
}

const Shares = z.record(z.string(), z.unknown()).optional();
const FileInfo = z.object({
  id: z.string(),
  name: z.string().default("file"),
  permalink: z
    .string()
    .regex(/^https?:\/\/[^\s<>|]+$/)
    .optional()
    .catch(undefined),
  shares: z.object({ public: Shares, private: Shares }).optional(),
});
type FileInfo = z.infer<typeof FileInfo>;
const Answer = z.object({ file: FileInfo });

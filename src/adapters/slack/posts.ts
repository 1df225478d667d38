import { z } from "zod";

import type { Clock } from "../../core/clock.ts";
import type { ThreadRef } from "../../core/ids.ts";
import type { Post } from "../../core/post.ts";
import type { Adapter, OpenArtifact } from "../adapter.ts";
import type { SlackApi } from "./api.ts";
import { uploadArtifacts, uploadFile, type UploadTries } from "./artifacts.ts";
import { layOut, type SlackMessage } from "./layout.ts";
import { lookFor, markOf, type Posted, wholeOf } from "./posted.ts";
import { shareFiles } from "./share.ts";

/** Posts and their finding again. */
export interface Posts {
  readonly send: Adapter["post"];
  readonly find: Adapter["findPost"];
}

/**
 * A post may be several messages and then its files. Each message says in its metadata what it is a part of, and which
 * files belong to it. What is there of a post that was broken off is remembered, or found again, and only the rest is sent.
 */
export function createPosts({
  apiFor,
  botId,
  clock,
}: {
  readonly apiFor: (teamId: string) => SlackApi;
  readonly botId: (teamId: string, options: { readonly signal: AbortSignal }) => Promise<string>;
  readonly clock: Clock;
}): Posts {
  const begun = new Map<string, Posted>();
  const uploading = new Map<string, UploadTries>();
  const remember = (key: string, posted: Posted): void => {
    if (posted.parts.size === 0) begun.delete(key);
    else keep(begun, key, posted);
  };

  return {
    async send(post, { signal, open }) {
      signal.throwIfAborted();
      const { key, thread } = post;
      const api = apiFor(thread.workspace);
      const known = begun.get(key);
      const tries = uploading.get(key) ?? { ids: new Map(), failures: 0 };
      keep(uploading, key, tries);
      const { messages, ids } = await prepare(post, { api, open, signal, known, tries });
      const posted: Posted = {
        parts: known?.parts ?? new Map(),
        of: messages.length,
        files: ids,
        isShared: ids.length === 0 || (known?.isShared ?? false),
      };
      for (const [part, message] of messages.entries()) {
        if (posted.parts.has(part)) continue;
        const metadata = markOf(key, { part, of: messages.length, files: ids });
        posted.parts.set(
          part,
          await sendMessage(thread, { ...message, metadata }, { api, signal }),
        );
        remember(key, posted);
      }
      if (!posted.isShared) await shareFiles(ids, thread, { api, clock, signal });
      begun.delete(key);
      uploading.delete(key);
      return { messageId: posted.parts.get(0) ?? "" };
    },

    async find(thread, key, { signal }) {
      const posted = await lookFor(
        { thread, key },
        {
          api: apiFor(thread.workspace),
          signal,
          botId: await botId(thread.workspace, { signal }),
        },
      );
      const whole = wholeOf(posted);
      remember(key, whole ? nothing : posted);
      return whole;
    },
  };
}

/** As the newest of not too many. */
function keep<Value>(kept: Map<string, Value>, key: string, value: Value): void {
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
}

const maxKept = 1000;
const nothing: Posted = { parts: new Map(), of: undefined, files: [], isShared: true };

/** The messages and the files, brought to Slack but not shared. A post that was begun has its files there already. */
async function prepare(
  post: Post,
  {
    api,
    open,
    signal,
    known,
    tries,
  }: {
    readonly api: SlackApi;
    readonly open: OpenArtifact;
    readonly signal: AbortSignal;
    readonly known: Posted | undefined;
    readonly tries: UploadTries;
  },
): Promise<{ readonly messages: readonly SlackMessage[]; readonly ids: readonly string[] }> {
  if (known) return { messages: layOut(post).messages, ids: known.files };
  const { ids, notes } = await uploadArtifacts(post.artifacts, { api, open, signal, tries });
  const { messages, whole } = layOut(post, notes);
  if (!whole) return { messages, ids };
  const text = Buffer.from(whole.text);
  const file = { name: whole.name, length: text.byteLength, bytes: once(text) };
  return { messages, ids: [await uploadFile(file, { api, signal }), ...ids] };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function sendMessage(
  { channel, thread }: ThreadRef,
  message: SlackMessage & { readonly metadata: object },
  { api, signal }: { readonly api: SlackApi; readonly signal: AbortSignal },
): Promise<string> {
  const place = { channel, thread_ts: thread };
  const quiet = { unfurl_links: false, unfurl_media: false };
  const answer = await api.call("chat.postMessage", { ...place, ...message, ...quiet }, { signal });
  return z.object({ ts: z.string() }).parse(answer).ts;
}

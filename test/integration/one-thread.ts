import type { Adapter, Inbound } from "../../src/adapters/adapter.ts";
import type { ThreadRef } from "../../src/core/ids.ts";
import type { Post } from "../../src/core/post.ts";
import { messageTo } from "../sessions/world.ts";

export interface OneThread {
  readonly adapter: Adapter;
  readonly posts: readonly Post[];
  /** What `access` of a bot has to say so that the one person may talk to it. */
  readonly person: string;
  readonly say: (text: string) => Promise<void>;
  /** Resolves as soon as so many posts are there. */
  readonly posted: (count: number) => Promise<void>;
}

/** A platform on which one person talks, in one thread. */
export function oneThread(thread: ThreadRef): OneThread {
  const posts: Post[] = [];
  const watchers = new Set<() => void>();
  let inbound: Inbound | undefined;
  const { actor } = messageTo(thread, "", "");
  const adapter: Adapter = {
    platform: thread.platform,
    start(listener) {
      inbound = listener;
      return Promise.resolve();
    },
    post(post) {
      posts.push(post);
      for (const watcher of watchers) watcher();
      return Promise.resolve({ messageId: String(posts.length) });
    },
    findPost: () => Promise.resolve(undefined),
    showProgress: () => Promise.resolve(),
    download: () => {
      throw new Error("There are no attachments");
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return {
    adapter,
    posts,
    person: `${thread.platform}:${thread.workspace}:${actor.id}`,
    async say(text) {
      const message = messageTo(thread, text, text);
      await inbound?.receive({ ...message, sentAt: Date.now() });
    },
    posted: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (posts.length < count) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
  };
}

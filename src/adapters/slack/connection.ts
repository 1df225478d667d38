import { messageOf } from "../../core/errors.ts";
import { openSocket, type Socket, type SocketOptions } from "./socket.ts";

/** Keeps one socket open, at any time but while Slack can't be reached. Dispose waits for what came in. */
export async function connect(options: SocketOptions): Promise<AsyncDisposable> {
  const { clock, log } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const closing = new Set<Promise<void>>();

  const close = (socket: Socket): void => {
    const closed = socket
      .close()
      .catch((error: unknown) => log.debug({ error: messageOf(error) }, "A socket did not close"))
      .finally(() => closing.delete(closed));
    closing.add(closed);
  };
  const pause = async (attempt: number): Promise<void> => {
    const ms = Math.min(firstPauseMs * 2 ** attempt, longestPauseMs);
    await clock.sleep(ms, { signal }).catch(() => {}); // The end: who loops sees it.
  };
  /** @param afterFailures how many before it did not live long */
  const reopen = async (afterFailures: number): Promise<Socket | undefined> => {
    if (afterFailures > 1) await pause(afterFailures);
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        return await openSocket(options, { signal });
      } catch (error) {
        if (signal.aborted) break;
        log.warn({ error: messageOf(error), attempt }, "The connection to Slack is lost");
      }
      await pause(attempt);
    }
    return undefined;
  };
  const keep = async (first: Socket): Promise<void> => {
    let current: Socket | undefined = first;
    const ended = new Promise<"ended">((resolve) => {
      signal.addEventListener("abort", () => resolve("ended"), { once: true });
    });
    let shortLived = 0;
    while (current) {
      const former: Socket = current;
      const openedAt = clock.now();
      const reason = await Promise.race([former.over, ended]);
      // Some come to an end as soon as they are there; to make them without a pause would be an attack on Slack.
      shortLived = clock.now() - openedAt < shortMs ? shortLived + 1 : 0;
      log.debug({ reason }, "A socket is over");
      // The former one takes what comes until the next one is there.
      current = reason === "ended" ? undefined : await reopen(shortLived);
      close(former);
    }
  };

  const kept = keep(await openSocket(options, { signal }));
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await kept;
      await Promise.all(closing);
    },
  };
}

const shortMs = 10_000;
const firstPauseMs = 500;
const longestPauseMs = 30_000;

import { setImmediate as tick } from "node:timers/promises";

import { expect, test } from "vitest";

import type { Connection } from "../../../src/agent/mcp/connection.ts";
import { keepConnection } from "../../../src/agent/mcp/keep-connection.ts";

const never = (): AbortSignal => new AbortController().signal;

/** Connections that are lost and end when they are told to. */
function connections() {
  const made: { isOpen: boolean; end: () => void }[] = [];
  const open = async (): Promise<Connection> => {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const state = { isOpen: true, end };
    made.push(state);
    return {
      get isOpen() {
        return state.isOpen;
      },
      ended,
      list: () => Promise.resolve([]),
      call: () => Promise.reject(new Error("Not called here")),
      close: () => Promise.resolve(end()),
    };
  };
  return { made, open };
}

test("whoever asks at once gets the same connection", async () => {
  const { made, open } = connections();
  const kept = keepConnection(open);
  const [one, other] = await Promise.all([
    kept.get({ signal: never() }),
    kept.get({ signal: never() }),
  ]);

  expect(one).toBe(other);
  expect(made).toHaveLength(1);
});

test("a lost connection is made again when nothing is left of it", async () => {
  const { made, open } = connections();
  const kept = keepConnection(open);
  await kept.get({ signal: never() });
  const [first] = made;
  if (first) first.isOpen = false;
  const next = kept.get({ signal: never() });
  for (let turn = 0; turn < 10; turn += 1) await tick();
  expect(made).toHaveLength(1);
  first?.end();

  expect((await next).isOpen).toBe(true);
  expect(made).toHaveLength(2);
});

test("one that could not be made is tried again", async () => {
  const { open } = connections();
  let tries = 0;
  const kept = keepConnection(() => {
    tries += 1;
    return tries === 1 ? Promise.reject(new Error("not yet")) : open();
  });

  await expect(kept.get({ signal: never() })).rejects.toThrow("not yet");
  expect((await kept.get({ signal: never() })).isOpen).toBe(true);
});

test("who no longer waits is let go, and the others get it", async () => {
  const { open } = connections();
  const kept = keepConnection(open);
  const stop = new AbortController();
  const [first, second] = [kept.get({ signal: stop.signal }), kept.get({ signal: never() })];
  stop.abort(new Error("stopped"));

  await expect(first).rejects.toThrow("stopped");
  expect((await second).isOpen).toBe(true);
});

import { expect, test } from "vitest";

import { lookFor, markOf, wholeOf } from "../../../src/adapters/slack/posted.ts";

const { signal } = new AbortController();
const thread = { platform: "slack", workspace: "T1", channel: "C1", thread: "1.1" };

test("a post is found among whatever else is in its thread", async () => {
  const metadata = markOf("k1", { part: 0, of: 1, files: [] });
  const messages = [
    { ts: "1.1", bot_id: null, text: null, files: null, blocks: "none" },
    { ts: "1.2", files: [{ mode: "tombstone" }], blocks: [{}] },
    { ts: "1.3", bot_id: "B2", metadata },
    { ts: "1.4", bot_id: "B1", metadata },
  ];
  const api = { call: async () => ({ ok: true, messages }) };
  const found = await lookFor({ thread, key: "k1" }, { api, signal, botId: "B1" });

  expect(wholeOf(found)).toEqual({ messageId: "1.4" });
});

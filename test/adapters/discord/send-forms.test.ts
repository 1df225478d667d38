import { Agent, getGlobalDispatcher, setGlobalDispatcher } from "undici";
import { expect, test } from "vitest";

import { artifactsOf, binary, postInto } from "../../../src/testing/adapter-suite-support.ts";
import { openDiscord } from "./open-discord.ts";

test("files arrive also where another undici sends for the process, as Slack's client brings one along", async () => {
  const before = getGlobalDispatcher();
  const other = new Agent();
  setGlobalDispatcher(other);
  try {
    await using opened = await openDiscord();
    const { discord, adapter, refOf } = opened;
    const thread = refOf(discord.say({ text: "please", mention: true }));
    const bytes = binary(1000);
    const { artifacts, open } = artifactsOf([{ name: "a.log", bytes }]);
    const { signal } = new AbortController();
    await adapter.post(postInto(thread, { key: "k1", artifacts }), { signal, open });
    const files = discord.thread(thread).flatMap(({ isBot, files: sent }) => (isBot ? sent : []));
    expect(files).toMatchObject([{ name: "a.log", bytes: Buffer.from(bytes) }]);
  } finally {
    setGlobalDispatcher(before);
    await other.close();
  }
});

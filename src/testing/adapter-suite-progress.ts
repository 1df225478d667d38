import assert from "node:assert/strict";

import { eventually, noArtifacts, postInto } from "./adapter-suite-support.ts";
import type { AdapterCases } from "./adapter-suite.ts";

const { signal } = new AbortController();

/** The live line of a turn. */
export const progressCases: AdapterCases = {
  "progress is shown, replaced and taken away": async ({ adapter, say, progress }) => {
    const { thread } = await say({ text: "please" });
    const show = async (markdown: string | undefined): Promise<void> =>
      adapter.showProgress(thread, { key: "turn-1", markdown }, { signal });
    const seen = async (): Promise<string> => (await progress(thread)).join("\n");

    await show("Reading the log");
    await eventually(async () => /Reading the log/.test(await seen()), "the first line");
    await show("Comparing");
    await eventually(async () => /Comparing/.test(await seen()), "the second line");
    assert.doesNotMatch(await seen(), /Reading the log/);
    await show(undefined);
    await eventually(async () => (await seen()) === "", "the end of the line");
  },

  "progress is no post, and can't be found as one": async ({ adapter, say, posts }) => {
    const { thread } = await say({ text: "please" });
    await adapter.showProgress(thread, { key: "turn-1", markdown: "Working" }, { signal });

    assert.deepEqual(await posts(thread), []);
    assert.equal(await adapter.findPost(thread, "turn-1", { signal }), undefined);
    await adapter.showProgress(thread, { key: "turn-1", markdown: undefined }, { signal });
    const post = postInto(thread, { key: "turn-1" });
    await adapter.post(post, { signal, open: noArtifacts });
    assert.equal((await posts(thread)).length, 1);
  },

  "taking away progress that never was is no error": async ({ adapter, say, progress }) => {
    const { thread } = await say({ text: "please" });
    await adapter.showProgress(thread, { key: "turn-1", markdown: undefined }, { signal });

    assert.deepEqual(await progress(thread), []);
  },
};

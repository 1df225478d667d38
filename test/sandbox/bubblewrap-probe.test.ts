import { expect, test } from "vitest";

import { probeBubblewrap } from "../../src/sandbox/bubblewrap/probe.ts";

const signal = new AbortController().signal;

/** A bwrap that tells its version with `version`, and starts a process with `start`. */
function bwrap(version: number, start: number, output = "") {
  return ([, first]: readonly string[]) =>
    Promise.resolve(
      first === "--version"
        ? { code: version, output: "bubblewrap 0.8.0" }
        : { code: start, output },
    );
}

test.runIf(process.platform === "linux")("bubblewrap works when it starts a process", async () => {
  expect(await probeBubblewrap(bwrap(0, 0), { signal })).toEqual({ ok: true, version: "0.8.0" });
});

test.runIf(process.platform === "linux")(
  "a bubblewrap that is not there can be installed",
  async () => {
    expect(await probeBubblewrap(bwrap(127, 127), { signal })).toMatchObject({
      ok: false,
      hint: expect.stringContaining("apt-get install bubblewrap"),
    });
  },
);

test.runIf(process.platform === "linux")(
  "a bubblewrap that is installed need not work",
  async () => {
    const output = "bwrap: No permissions to create new namespace: Operation not permitted";
    expect(await probeBubblewrap(bwrap(0, 1, output), { signal })).toMatchObject({
      ok: false,
      reason: expect.stringContaining(output),
      hint: expect.stringContaining("namespaces"),
    });
  },
);

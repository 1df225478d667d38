import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { openDockerExec } from "./open-docker-exec.ts";
import { withoutRuntime } from "./open-docker.ts";

const noDocker = withoutRuntime("runc");
const why = noDocker === undefined ? "" : `: skipped, ${noDocker}`;

const notKept = "of long output only head and tail are kept";

describe.skipIf(noDocker !== undefined)(`docker sandbox without a supervisor${why}`, () => {
  sandboxSuite({
    test,
    open: () => openDockerExec(),
    skip: [
      {
        test: "exec() shows head and tail of a long output and keeps all of it",
        reason: notKept,
      },
      {
        test: "there is no way to the network",
        reason: "the engine's filter of system calls may allow vsock; the rest is tested below",
      },
      { test: "much output below the limit is kept whole", reason: notKept },
      {
        test: "only what is granted can be read and written",
        reason: "less than all of /workspace and /sources is refused",
      },
      {
        test: "what goes on in the background is told, bounded, and ends with the sandbox",
        reason: "when there is too much, all of the sandbox ends, also what earlier commands left",
      },
    ],
  });
});

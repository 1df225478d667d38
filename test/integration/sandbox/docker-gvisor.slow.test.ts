import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { openDocker, withoutRuntime } from "./open-docker.ts";

const noGvisor = withoutRuntime("runsc");
const why = noGvisor === undefined ? "" : `: skipped, ${noGvisor}`;

describe.skipIf(noGvisor !== undefined)(`docker with runsc${why}`, () => {
  sandboxSuite({
    test,
    open: () => openDocker({ config: { runtime: "runsc" } }),
    skip: [
      {
        test: "a task's artifacts lie in the workspace, and a repeat replaces them",
        reason: "this gVisor has not all of statx(), which ls needs for several folders",
      },
      {
        test: "a task that takes too much memory is ended, and nothing else",
        reason: "all of the sandbox ends, and the engine does not say of what: it is told as lost",
      },
    ],
  });
});

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
        test: "only what is granted can be read and written",
        reason: "gVisor has no Landlock: less than all of /workspace and /sources is refused",
      },
      {
        test: "a command that takes too much memory is ended, and nothing else",
        reason: "all of the sandbox ends, and the engine does not say of what: it is told as lost",
      },
      {
        test: "the host's switches can't be moved",
        reason: "those in /proc are of gVisor's own kernel, and move nothing of the host's",
      },
      {
        test: "write() refuses a folder and a path below a file",
        reason: "the test lists with ls, which needs more of statx() than this gVisor has",
      },
      {
        test: "a command has no privileges and can't get any",
        reason: "the test lists with ls, which needs more of statx() than this gVisor has",
      },
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

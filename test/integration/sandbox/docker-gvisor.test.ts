import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { openDocker, withoutRuntime } from "./open-docker.ts";

const noGvisor = withoutRuntime("runsc");
const title =
  noGvisor === undefined ? "docker with runsc" : `docker with runsc: skipped, ${noGvisor}`;

/** The limits and what is hostile take minutes on a kernel that is itself traced. */
const parts = ["exec", "files", "isolation", "tasks", "archives", "snapshots"];

describe.skipIf(noGvisor !== undefined)(title, () => {
  sandboxSuite({
    test,
    open: () => openDocker({ config: { runtime: "runsc" } }),
    parts,
    skip: [
      {
        test: "only what is granted can be read and written",
        reason: "gVisor has no Landlock: the driver refuses narrower grants",
      },
      {
        test: "write() refuses a folder and a path below a file",
        reason: "this gVisor has not all of statx(), which ls needs for several folders",
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

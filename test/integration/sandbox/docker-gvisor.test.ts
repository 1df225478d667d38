import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { openDocker, withoutRuntime } from "./open-docker.ts";

const noGvisor = withoutRuntime("runsc");
const title =
  noGvisor === undefined ? "docker with runsc" : `docker with runsc: skipped, ${noGvisor}`;

describe.skipIf(noGvisor !== undefined)(title, () => {
  sandboxSuite({
    test,
    open: () => openDocker({ config: { runtime: "runsc" } }),
    skip: [
      {
        test: "only what is granted can be read and written",
        reason:
          "gVisor has no Landlock: the driver refuses narrower grants, which another test sees",
      },
      {
        test: "output can't be forged and a supervisor can't be stopped",
        reason: "gVisor lets a process open the files of another one of the same user in /proc",
      },
    ],
  });
});

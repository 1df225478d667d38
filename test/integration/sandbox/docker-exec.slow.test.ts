import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { openDockerExec, withoutSupervisor } from "./open-docker-exec.ts";
import { withoutRuntime } from "./open-docker.ts";

const noDocker = withoutRuntime("runc");
const why = noDocker === undefined ? "" : `: skipped, ${noDocker}`;

describe.skipIf(noDocker !== undefined)(`docker sandbox without a supervisor${why}`, () => {
  sandboxSuite({
    test,
    open: () => openDockerExec(),
    skip: withoutSupervisor,
  });
});

import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { openDockerExec, withoutSupervisor } from "./open-docker-exec.ts";
import { withoutRuntime } from "./open-docker.ts";

const noDocker = withoutRuntime("runc");
const why = noDocker === undefined ? "" : `: skipped, ${noDocker}`;

/** All of them are in the slow tests: the rest is the host's side, the same with and without a supervisor. */
const parts = ["exec"];

describe.skipIf(noDocker !== undefined)(`docker sandbox without a supervisor${why}`, () => {
  sandboxSuite({
    test,
    open: () => openDockerExec(),
    parts,
    skip: withoutSupervisor,
  });
});

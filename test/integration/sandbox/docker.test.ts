import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { openDocker, withoutRuntime } from "./open-docker.ts";

const noDocker = withoutRuntime("runc");
const title = noDocker === undefined ? "docker sandbox" : `docker sandbox: skipped, ${noDocker}`;

describe.skipIf(noDocker !== undefined)(title, () => {
  sandboxSuite({ test, open: () => openDocker() });
});

import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { openDocker, withoutRuntime } from "./open-docker.ts";

const noDocker = withoutRuntime("runc");
const why = noDocker === undefined ? "" : `: skipped, ${noDocker}`;

describe.skipIf(noDocker !== undefined)(`docker sandbox${why}`, () => {
  sandboxSuite({ test, open: () => openDocker() });
});

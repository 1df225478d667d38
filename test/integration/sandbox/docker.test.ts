import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { openDocker, withoutRuntime } from "./open-docker.ts";

const noDocker = withoutRuntime("runc");
describe.skipIf(noDocker)(
  noDocker ? `docker sandbox: skipped, ${noDocker}` : "docker sandbox",
  () => {
    sandboxSuite({ test, open: () => openDocker() });
  },
);

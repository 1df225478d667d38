import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { openDocker } from "./open-docker.ts";

describe("docker sandbox", () => {
  sandboxSuite({ test, open: () => openDocker() });
});

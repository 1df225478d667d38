import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { openVirtual } from "./open-virtual.ts";

describe("virtual sandbox", () => {
  sandboxSuite({ test, open: openVirtual });
});

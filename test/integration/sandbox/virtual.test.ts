import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { openVirtual } from "./open-virtual.ts";

describe("virtual sandbox", () => {
  // Not the hostile ones: no real program runs here that could try them.
  sandboxSuite({
    test,
    open: openVirtual,
    parts: ["checkpoints", "exec", "files", "isolation", "limits", "services", "tasks"],
  });
});

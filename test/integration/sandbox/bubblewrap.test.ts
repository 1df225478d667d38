import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { probeBubblewrap } from "../../../src/sandbox/bubblewrap/probe.ts";
import { runOnHost } from "../../../src/sandbox/host-command.ts";
import { openBubblewrap } from "./open-bubblewrap.ts";

const probe = await probeBubblewrap(runOnHost, { signal: AbortSignal.timeout(10_000) });
const title = probe.ok ? "bubblewrap sandbox" : `bubblewrap sandbox: skipped, ${probe.reason}`;

describe.skipIf(!probe.ok)(title, () => {
  sandboxSuite({ test, open: () => openBubblewrap() });
});

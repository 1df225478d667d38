import { sandboxSuite } from "opsthread/testing";
import { describe, test } from "vitest";

import { probeBubblewrap } from "../../../src/sandbox/bubblewrap/probe.ts";
import { runOnHost } from "../../../src/sandbox/host-command.ts";
import { openBubblewrap } from "./open-bubblewrap.ts";

const probe = await probeBubblewrap(runOnHost, { signal: AbortSignal.timeout(10_000) });
const reason = probe.ok ? "" : `: skipped, ${probe.reason}`;

describe.skipIf(!probe.ok)(`bubblewrap sandbox${reason}`, () => {
  sandboxSuite({ test, open: () => openBubblewrap() });
});

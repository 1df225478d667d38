import { describe, test } from "vitest";

import { adapterSuite } from "../../../src/testing/adapter-suite.ts";
import { consoleUnderTest } from "./console-under-test.ts";

describe("consoleAdapter()", () => {
  adapterSuite({ test, open: consoleUnderTest });
});

import { describe, test } from "vitest";

import { adapterSuite } from "../../../src/testing/adapter-suite.ts";
import { discordUnderTest } from "./discord-under-test.ts";

describe("discordAdapter()", () => {
  adapterSuite({
    test,
    open: discordUnderTest,
    skip: [
      {
        test: "artifacts arrive byte for byte",
        reason: "Discord takes no empty file; posts.test.ts has the others",
      },
    ],
  });
});

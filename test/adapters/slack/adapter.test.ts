import { describe, test } from "vitest";

import { adapterSuite } from "../../../src/testing/adapter-suite.ts";
import { slackUnderTest } from "./slack-under-test.ts";

describe("slackAdapter()", () => {
  adapterSuite({
    test,
    open: slackUnderTest,
    skip: [
      {
        test: "artifacts arrive byte for byte",
        reason: "Slack takes no empty file; posts.test.ts has the others",
      },
    ],
  });
});

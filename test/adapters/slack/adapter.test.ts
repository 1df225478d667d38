import { describe, test } from "vitest";

import { adapterSuite } from "../../../src/testing/adapter-suite.ts";
import { slackUnderTest } from "./slack-under-test.ts";

describe.each(["sockets", "http"] as const)("slackAdapter() by %s", (by) => {
  adapterSuite({
    // By HTTP the twin's clock may run ahead of what is on its way over the network.
    test: (name, run) => test(name, { retry: by === "http" ? 2 : 0 }, run),
    open: () => slackUnderTest(by),
    skip: [
      {
        test: "artifacts arrive byte for byte",
        reason: "Slack takes no empty file; posts.test.ts has the others",
      },
    ],
  });
});

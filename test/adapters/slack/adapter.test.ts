import { describe, test } from "vitest";

import { adapterSuite } from "../../../src/testing/adapter-suite.ts";
import { slackUnderTest } from "./slack-under-test.ts";

function suiteBy(by: "sockets" | "http"): void {
  adapterSuite({
    test,
    open: () => slackUnderTest(by),
    skip: [
      {
        test: "artifacts arrive byte for byte",
        reason: "Slack takes no empty file; posts.test.ts has the others",
      },
    ],
  });
}

describe("slackAdapter() by sockets", () => {
  suiteBy("sockets");
});
describe("slackAdapter() by http", () => {
  suiteBy("http");
});

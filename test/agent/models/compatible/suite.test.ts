import { describe, test } from "vitest";

import { compatibleModel } from "../../../../src/agent/models/compatible/compatible.ts";
import { modelSuite } from "../../../../src/testing/model-suite.ts";
import { chatTwin } from "../../../../src/testing/twins/chat-twin.ts";
import { type ChatPart, refuse } from "../../../../src/testing/twins/chat/answers.ts";
import { fail } from "../../../../src/testing/twins/scripting/step.ts";
import { suiteScript } from "../suite-script.ts";
import { dialects } from "./support.ts";

const failures = {
  "rate-limit": fail(429),
  overloaded: fail(503),
  auth: fail(401),
  context: fail(400, {
    message: "This model's maximum context length is 8192 tokens. Please reduce the length.",
  }),
};

describe.each(dialects)("%s", (dialect) => {
  modelSuite({
    test,
    open: async () => {
      const { script, will } = suiteScript<ChatPart>({ refuse, failures, events: 3 });
      const twin = await chatTwin({ dialect, script });
      return {
        model: compatibleModel({ model: "local-model", apiKey: "secret", baseUrl: twin.url }),
        will,
        requests: () => twin.requests.length,
        [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
      };
    },
  });
});

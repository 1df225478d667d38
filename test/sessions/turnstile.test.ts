import { describe, test } from "vitest";

import { localTurnstile } from "../../src/sessions/turnstile.ts";
import { turnstileSuite } from "../support/turnstile-suite.ts";

describe("localTurnstile()", () => {
  turnstileSuite({
    test,
    open: async () => ({ ...localTurnstile(), [Symbol.asyncDispose]: async () => {} }),
  });
});

import { rm } from "node:fs/promises";

import { describe, test } from "vitest";

import { sqliteStore } from "../../src/store/sqlite/index.ts";
import { storeSuite } from "../../src/testing/store-suite.ts";
import { temporaryFolder } from "./temporary-folder.ts";

describe("sqliteStore()", () => {
  storeSuite({
    test,
    async open(clock) {
      const folder = await temporaryFolder();
      const first = await sqliteStore({ folder, clock });
      let store = first;
      return {
        store: first,
        async reopen() {
          await store[Symbol.asyncDispose]();
          store = await sqliteStore({ folder, clock });
          return store;
        },
        async [Symbol.asyncDispose]() {
          await store[Symbol.asyncDispose]();
          await rm(folder, { recursive: true });
        },
      };
    },
  });
});

import { expect, test } from "vitest";

import { createQuota } from "../../src/sandbox/quota.ts";

const limits = { fileBytes: 10_000, workspaceBytes: 40_960 };

test("a file counts in whole blocks, and an empty one counts too", () => {
  const quota = createQuota(limits, 0);
  quota.change(undefined, 0);
  quota.change(undefined, 4_097);
  expect(quota.usedBytes).toBe(3 * 4_096);
  quota.change(4_097, 1);
  quota.change(0, undefined);
  expect(quota.usedBytes).toBe(4_096);
});

test("what would be too much is refused and not counted", () => {
  const quota = createQuota(limits, 32_768);
  expect(() => quota.change(undefined, 10_001)).toThrow("limit fileBytes");
  expect(() => quota.change(undefined, 9_000)).toThrow("limit workspaceBytes");
  expect(quota.usedBytes).toBe(32_768);
  quota.change(undefined, 8_000);
  expect(() => quota.change(8_000, 10_000)).toThrow("limit workspaceBytes");
});

test("a file that is too large already may shrink", () => {
  const quota = createQuota(limits, 200_000);
  quota.change(180_000, 170_000);
  expect(() => quota.change(170_000, 180_000)).toThrow("limit fileBytes");
});

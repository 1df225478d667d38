import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { groupingAccuracy } from "./grouping-accuracy.ts";

const data =
  process.env["OPSTHREAD_TEST_DATA"] ?? join(import.meta.dirname, "../../../../shared/data");
const folder = join(data, "logs/loghub");

test("the patterns of raw logs agree with those that people found, with one configuration for all", async ({
  annotate,
  skip,
}) => {
  skip(!existsSync(folder), `there is no ${folder}`);
  const entries = await readdir(folder, { withFileTypes: true });
  const accuracies: Record<string, number> = {};
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const [raw, structured] = await Promise.all(
      [`${name}_2k.log`, `${name}_2k.log_structured.csv`].map((file) =>
        readFile(join(folder, name, file), "utf8"),
      ),
    );
    accuracies[name] = groupingAccuracy(raw ?? "", structured ?? "");
  }
  const values = Object.values(accuracies);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  await annotate(
    `grouping accuracy on raw lines: mean ${mean.toFixed(4)} ${JSON.stringify(accuracies)}`,
  );
  expect(mean).toBeGreaterThan(0.9);
  expect(Math.min(...values)).toBeGreaterThan(0.8);
});

import { z } from "zod";

import { defineTask } from "../task.ts";

export { DiffChange, DiffData, DiffPair } from "./data.ts";

const file = z.string().min(1).describe("Path in the workspace, or /sources/<name>/…");

/** What the diff task is asked. */
export const DiffInput = z.object({
  pairs: z
    .array(
      z.object({
        before: file.describe("The old file, such as what runs now"),
        after: file.describe("The new file, such as what is proposed"),
      }),
    )
    .min(1)
    .max(100)
    .describe("The files to compare, two by two"),
  format: z
    .enum(["auto", "yaml", "json", "toml", "ini", "env", "text"])
    .default("auto")
    .describe("How to read all of the files; auto goes by name and content, text compares lines"),
  ignore: z
    .array(
      z
        .string()
        .min(1)
        .max(200)
        .refine((pattern) => pattern.split("**").length <= 3, "At most two ** in a pattern"),
    )
    .max(50)
    .default([])
    .describe(
      "Paths to leave out with all below them, such as metadata.labels, spec.*.image or **.checksum",
    ),
  ignoreNoise: z
    .boolean()
    .default(true)
    .describe(
      "Leave out what Kubernetes writes by itself: managedFields, generation, status and the like",
    ),
});

/** Compares configuration files by what they say. */
export const diff = defineTask({
  name: "diff",
  title: "Compare configuration files",
  description:
    "Compares two configuration files (YAML, JSON, TOML, INI, .env; other files by lines) and tells what changed, the most important first, with file and line. Secrets are masked, but that they changed is told. Use it for any question about what differs between two files or versions of a file.",
  input: DiffInput,
  module: import.meta.url,
  async run(input, context) {
    // Loaded here, because the parsers are only needed where the task runs.
    const { runDiff } = await import("./run.ts");
    return runDiff(input, context);
  },
});

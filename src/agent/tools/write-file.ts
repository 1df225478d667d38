import { z } from "zod";

import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";
import { formatBytes } from "./format.ts";
import { ok } from "./tool-output.ts";

const WriteFileInput = z.object({
  path: z.string().min(1).describe("In the workspace"),
  content: z.string().describe("The whole new content"),
});

/** Writes a file of the workspace. */
export function writeFileTool(): Tool<z.output<typeof WriteFileInput>> {
  return defineTool({
    name: "write_file",
    description:
      "Writes a text file in the workspace, with the folders above it. Replaces an existing file as a whole. " +
      "To send a file with the reply, call attach_file afterwards.",
    input: WriteFileInput,
    effect: "idempotent",
    async run({ path, content }, { session, signal }) {
      const { files } = await session.sandbox();
      const { size } = await files.write(path, Buffer.from(content), { signal });
      return ok(`Wrote ${formatBytes(size)} to ${path}`);
    },
  });
}

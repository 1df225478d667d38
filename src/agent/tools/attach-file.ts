import { z } from "zod";

import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";
import { formatBytes } from "./format.ts";
import { ok } from "./tool-output.ts";

const AttachFileInput = z.object({ path: z.string().min(1).describe("In the workspace") });

/** Keeps a workspace file, as it is now, to go with the reply. */
export function attachTool(): Tool<z.output<typeof AttachFileInput>> {
  return defineTool({
    name: "attach_file",
    description:
      "Attaches a workspace file, as it is now, to the reply that ends this turn. Tasks attach their files by themselves.",
    input: AttachFileInput,
    effect: "idempotent",
    async run({ path }, { session, signal }) {
      const artifact = await session.keep(path, { signal });
      return {
        ...ok(`${artifact.name} (${formatBytes(artifact.bytes)}) will go with the reply`),
        artifacts: [artifact],
      };
    },
  });
}

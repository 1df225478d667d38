import { z } from "zod";

import type { Limits } from "../permissions.ts";
import type { Grants, Place } from "../places.ts";
import type { TaskProgram } from "../sandbox.ts";

/** What the program in the sandbox is told on its stdin, as JSON. All paths are those of the sandbox. */
export interface TaskRequest {
  readonly program: TaskProgram;
  readonly executionId: string;
  readonly places: readonly Place[];
  readonly grants: Grants;
  readonly limits: Pick<Limits, "fileBytes" | "workspaceBytes">;
  /** What the workspace takes; when it is not known, the program measures it. */
  readonly usedBytes?: number;
  /** The program ends itself when it holds more, where nothing else sees to that. */
  readonly memoryBytes?: number;
}

/**
 * What the program says on file descriptor 3, one JSON object a line: any progress, then one reply. It ran next to
 * hostile files, so it is parsed.
 */
export const TaskLine = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("progress"),
    progress: z.object({ done: z.number().exactOptional(), text: z.string() }),
  }),
  z.object({ type: z.literal("returned"), value: z.string() }),
  z.object({ type: z.literal("threw"), error: z.string() }),
]);
export type TaskLine = z.infer<typeof TaskLine>;

/** A result of the most characters that may be, of which each takes at most three bytes. */
export const maxLineBytes = 3 * 8 * 1024 * 1024 + 64 * 1024;

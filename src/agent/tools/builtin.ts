import type { Task } from "../../tasks/task.ts";
import type { Tool } from "../tool.ts";
import { applyPatchTool } from "./apply-patch.ts";
import { askTool } from "./ask.ts";
import { attachTool } from "./attach-file.ts";
import { editFileTool } from "./edit-file.ts";
import { listFilesTool } from "./list-files.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { readFileTool } from "./read-file.ts";
import { requestAccessTool } from "./request-access.ts";
import { taskTool } from "./run-task.ts";
import { shellTool } from "./shell.ts";
import { writeFileTool } from "./write-file.ts";

/** The tools that every agent has unless it is given others; `run_task` only where there are tasks. */
export function builtinTools({ tasks }: { readonly tasks: readonly Task[] }): readonly Tool[] {
  const inOrder = oneAtATime();
  return [
    ...(tasks.length > 0 ? [taskTool({ tasks })] : []),
    shellTool(),
    readFileTool(),
    inOrder(writeFileTool()),
    inOrder(editFileTool()),
    // A driver whose vendor has no such tool leaves it out, since there is an editor.
    inOrder(applyPatchTool()),
    listFilesTool(),
    attachTool(),
    askTool(),
    requestAccessTool(),
  ];
}

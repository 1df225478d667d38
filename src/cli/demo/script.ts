import type { ConsoleWorkspace } from "../../adapters/console/index.ts";
import type { DemoFiles } from "./fixtures.ts";

/** The people of the demo. Only Ada may use the bot besides the admin. */
export const ada = { id: "U-ada", name: "Ada" };
export const ben = { id: "U-ben", name: "Ben" };

/** The threads that a run of the demo opens, by what they are about. */
export interface DemoThreads {
  readonly logs: string;
  readonly manifests: string;
  readonly environments: string;
}

/** Three people mention the bot at the same time, with files attached. */
export async function openThreads(
  workspace: ConsoleWorkspace,
  files: DemoFiles,
): Promise<DemoThreads> {
  const [logs, manifests, environments] = await Promise.all([
    workspace.say({
      actor: ada,
      channel: "incidents",
      text: "@opsthread checkout is failing since about two. What went wrong in these logs?",
      files: files.logs,
    }),
    workspace.say({
      actor: ben,
      channel: "deploys",
      text: "@opsthread what changed between these two versions of the manifest?",
      files: files.manifests,
    }),
    workspace.say({
      actor: ben,
      channel: "deploys",
      text: "@opsthread diff staging and production please",
      files: files.environments,
    }),
  ]);
  return {
    logs: logs.thread,
    manifests: manifests.thread,
    environments: environments.thread,
  };
}

/** A question in a thread that has a session: nobody has to name the bot. */
export const followUp = "what happened right before the first error?";

import { isOpsthreadError, messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { supervisorBinary } from "../supervisor/binary.ts";
import type { EngineFacts } from "./engine.ts";
import type { DockerConfig } from "./options.ts";

/** Host path of the supervisor for an engine. Undefined, with the reason in the log, where the engine is to run the commands. */
export async function supervisorFor(
  { architecture }: Pick<EngineFacts, "architecture">,
  { wanted, log }: { readonly wanted: DockerConfig["supervisor"]; readonly log: Logger },
): Promise<string | undefined> {
  const byEngine = (reason: string): undefined => {
    log.warn({ reason }, "The engine runs the commands of sandboxes: see their limitations");
    return undefined;
  };
  if (wanted === "never") return byEngine("it is configured so");
  try {
    return await supervisorBinary(architectures[architecture] ?? architecture);
  } catch (error) {
    if (!isOpsthreadError(error, "SANDBOX_UNSUPPORTED")) throw error;
    return byEngine(messageOf(error));
  }
}

/** Names of the engine for architectures, as Node has them. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: "x64",
  amd64: "x64",
  aarch64: "arm64",
  arm64: "arm64",
};

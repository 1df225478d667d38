import { isOpsthreadError, messageOf } from "../../core/errors.ts";
import { type Engine, type EngineFacts, type EngineOptions, findEngine } from "./engine.ts";
import { ensureImage, type ImageFacts, type PullPolicy } from "./image.ts";
import { isolationOf } from "./isolation.ts";

export interface ProbeDockerOptions extends EngineOptions {
  /** Default: the engine's default runtime. */
  readonly runtime?: string | undefined;
  readonly image?: string | undefined;
  readonly digest?: string | undefined;
  readonly pull?: PullPolicy | undefined;
}

export type DockerProbe =
  | { readonly ok: true; readonly engine: Engine; readonly image: ImageFacts }
  | { readonly ok: false; readonly reason: string; readonly hint: string };

/** Whether sandboxes can be started: an engine that keeps the limits, the runtime, and the image. */
export async function probeDocker(options: ProbeDockerOptions): Promise<DockerProbe> {
  const { runtime, image, digest, pull, signal } = options;
  const engine = await findEngine(options);
  if (!engine.reachable) return { ok: false, reason: engine.reason, hint: engine.hint };
  const shortcoming = engineShortcoming(engine.facts, { runtime });
  if (shortcoming !== undefined) return { ok: false, ...shortcoming };
  try {
    const found = await ensureImage(engine.client, {
      ...(image !== undefined && { reference: image }),
      ...(digest !== undefined && { digest }),
      ...(pull !== undefined && { pull }),
      signal,
    });
    return { ok: true, engine, image: found };
  } catch (error) {
    if (!isOpsthreadError(error)) throw error;
    return { ok: false, reason: messageOf(error), hint: "" };
  }
}

/** What an engine lacks for hardened sandboxes; undefined for nothing. Nothing of it is optional. */
export function engineShortcoming(
  { limits, seccomp, runtimes, defaultRuntime }: EngineFacts,
  { runtime = defaultRuntime }: { readonly runtime?: string | undefined } = {},
): { readonly reason: string; readonly hint: string } | undefined {
  if (!runtimes.includes(runtime) && runtime !== defaultRuntime)
    return {
      reason: `the engine has no runtime "${runtime}", only ${runtimes.join(", ")}`,
      hint: `Add "${runtime}" under "runtimes" in the engine's daemon.json and reload it`,
    };
  const missing = Object.entries(limits).flatMap(([name, kept]) => (kept ? [] : [name]));
  if (missing.length > 0)
    return {
      reason: `the engine cannot limit ${missing.join(", ")}`,
      hint: "Delegate these cgroup controllers to the engine (rootless engines need cgroup v2 and systemd)",
    };
  if (!seccomp && isolationOf(runtime) === "container")
    return {
      reason: "the engine has no seccomp",
      hint: "Use an engine and a kernel with seccomp, or a runtime with a kernel of its own",
    };
  return undefined;
}

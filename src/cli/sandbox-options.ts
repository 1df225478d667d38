import { type Command, Option } from "commander";

import type { SandboxConfig } from "../open-sandboxes.ts";
import { engineFromEnvironment } from "./engine.ts";

/** What a command is told of the sandbox that it is to use. */
export interface SandboxFlags {
  readonly sandbox: SandboxConfig["driver"];
  readonly minimumIsolation?: Exclude<SandboxConfig["minimumIsolation"], undefined>;
  readonly runtime?: string;
  readonly image?: string;
}

/** Adds the options that choose a sandbox. */
export function withSandboxOptions(
  command: Command,
  { driver }: { readonly driver: SandboxConfig["driver"] },
): Command {
  return command
    .addOption(
      new Option(
        "--sandbox <driver>",
        "where commands and tasks run; auto: the strongest that works here",
      )
        .choices(["auto", "docker", "bubblewrap", "virtual"])
        .default(driver),
    )
    .addOption(
      new Option("--minimum-isolation <isolation>", "refuse to run with less").choices([
        "interpreter",
        "namespaces",
        "container",
        "vm",
      ]),
    )
    .option("--runtime <name>", "runtime of the container engine, such as runsc")
    .option("--image <name>", "image of the containers");
}

/** The engine is the environment's, as for `doctor`. */
export function sandboxConfigOf({
  sandbox,
  minimumIsolation,
  runtime,
  image,
}: SandboxFlags): SandboxConfig {
  return {
    driver: sandbox,
    ...(minimumIsolation && { minimumIsolation }),
    docker: {
      host: engineFromEnvironment(process.env).host,
      runtime,
      ...(image !== undefined && { image }),
    },
    bubblewrap: {},
  };
}

/** The same as arguments, for a process that is to use the same. */
export function sandboxArgs({ sandbox, minimumIsolation, runtime, image }: SandboxFlags): string[] {
  return [
    ["--sandbox", sandbox],
    ["--minimum-isolation", minimumIsolation],
    ["--runtime", runtime],
    ["--image", image],
  ].flatMap(([name = "", value]) => (value === undefined ? [] : [name, value]));
}

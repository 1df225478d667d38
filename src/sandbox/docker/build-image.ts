import type Docker from "dockerode";

import { isOpsthreadError, OpsthreadError } from "../../core/errors.ts";
import type { RunCommand } from "../host-command.ts";
import { buildFromDebian, debianCommand } from "./build-from-debian.ts";
import { baseImage, buildFromRegistry, registryAnswers } from "./build-from-registry.ts";
import { engineError } from "./engine.ts";
import { defaultImage, type ImageFacts, inspectImage } from "./image.ts";
import type { EngineProgress } from "./progress.ts";
import { imageLabels, readRecipe, type Recipe } from "./recipe.ts";

/**
 * - `registry`: `docker build` on Debian's image;
 * - `debian`: from Debian's packages alone, with mmdebstrap;
 * - `auto`: the first where a registry answers, else the second.
 */
export type BuildMethod = "auto" | "debian" | "registry";

export interface BuildImageOptions {
  /** Default {@link defaultImage}. */
  readonly name?: string;
  /** Default `auto`. */
  readonly method?: BuildMethod;
  readonly suite?: string | undefined;
  /** Debian packages besides the recipe's own. */
  readonly packages?: readonly string[] | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: EngineProgress) => void;
  /** Proxy variables for what is downloaded: `http_proxy` and the like. */
  readonly proxies?: Readonly<Record<string, string>>;
  /** Runs the programs that it needs. Default: on this machine. */
  readonly run?: RunCommand;
}

export interface ImagePlan {
  readonly name: string;
  readonly method: Exclude<BuildMethod, "auto">;
  readonly recipe: Recipe;
  readonly labels: Readonly<Record<string, string>>;
  /** What it comes to, as a person would type it. */
  readonly commands: readonly string[];
}

/**
 * What {@link buildImage} would do.
 * @throws {OpsthreadError} `CONFIG_INVALID`
 */
export async function planImage(client: Docker, options: BuildImageOptions): Promise<ImagePlan> {
  const { name = defaultImage, method = "auto", suite, packages, signal } = options;
  if (!/^[a-z0-9][\w./:-]*$/.test(name))
    throw new OpsthreadError("CONFIG_INVALID", `Cannot use "${name}" as the name of an image`);
  const recipe = await readRecipe({ suite, packages });
  const chosen =
    method === "auto" ? await methodHere(client, baseImage(recipe.suite), signal) : method;
  const labels = {
    [imageLabels.recipe]: recipe.hash,
    [imageLabels.suite]: recipe.suite,
    [imageLabels.method]: chosen,
    [imageLabels.packages]: recipe.packages.join(" "),
  };
  return { name, method: chosen, recipe, labels, commands: commandsOf(name, chosen, recipe) };
}

/**
 * Makes the sandbox image and gives it its name. A build that fails changes nothing.
 * @throws {OpsthreadError} `SANDBOX_IMAGE`, `SANDBOX_ENGINE`, `CONFIG_INVALID`
 */
export async function buildImage(client: Docker, options: BuildImageOptions): Promise<ImageFacts> {
  const plan = await planImage(client, options);
  const { signal } = options;
  try {
    if (plan.method === "registry") await buildFromRegistry(client, plan, options);
    else await buildFromDebian(client, plan, options);
  } catch (error) {
    signal.throwIfAborted();
    if (isOpsthreadError(error)) throw error;
    throw engineError(`build the image "${plan.name}"`, error);
  }
  const image = await inspectImage(client, plan.name);
  if (image !== undefined) return image;
  throw new OpsthreadError(
    "SANDBOX_IMAGE",
    `Cannot build the image "${plan.name}": the engine does not have it after the build`,
  );
}

async function methodHere(
  client: Docker,
  base: string,
  signal: AbortSignal,
): Promise<ImagePlan["method"]> {
  if ((await inspectImage(client, base)) !== undefined) return "registry";
  return (await registryAnswers(client, base, signal)) ? "registry" : "debian";
}

function commandsOf(name: string, method: ImagePlan["method"], recipe: Recipe): readonly string[] {
  if (method === "registry") {
    const extra =
      recipe.extra.length === 0 ? "" : ` --build-arg PACKAGES='${recipe.extra.join(" ")}'`;
    return [`docker build --build-arg SUITE=${recipe.suite}${extra} -t ${name} ${recipe.folder}`];
  }
  const words = debianCommand(recipe, "image.tar").map(shellWord);
  return [words.join(" "), `docker import image.tar ${name}`];
}

function shellWord(word: string): string {
  return /^[\w./:,=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

import { Command, Option } from "commander";

import { OpsthreadError } from "../../core/errors.ts";
import { buildImage, type BuildMethod, planImage } from "../../sandbox/docker/build-image.ts";
import { connectEngine } from "../../sandbox/docker/engine.ts";
import {
  defaultImage,
  type ImageFacts,
  inspectImage,
  listImages,
} from "../../sandbox/docker/image.ts";
import type { EngineProgress } from "../../sandbox/docker/progress.ts";
import { defaultSuite, imageLabels, recipeStateOf } from "../../sandbox/docker/recipe.ts";
import { engineFromEnvironment, proxiesFromEnvironment } from "../engine.ts";
import { progressLine } from "../progress-line.ts";
import { table } from "../table.ts";

/** `opsthread image`: the image that the `docker` sandbox starts from. */
export function imageCommand({ signal }: { readonly signal: AbortSignal }): Command {
  const image = new Command("image").description("Build and look at the image of the sandbox.");
  const connect = async () =>
    (await connectEngine({ ...engineFromEnvironment(process.env), signal })).client;
  image
    .command("build")
    .description("Build the image with the tools of ops work, from Debian's packages.")
    .option("--name <name>", "what it is called in the engine", defaultImage)
    .addOption(
      new Option(
        "--method <method>",
        "registry: from Debian's image in a registry; debian: from packages alone, with mmdebstrap, as root; auto: the first that is possible",
      )
        .choices(["auto", "debian", "registry"])
        .default("auto"),
    )
    .option("--packages <name...>", "Debian packages besides the recipe's own")
    .option("--suite <suite>", "Debian release", defaultSuite)
    .option("--dry-run", "print what would be done")
    .action(async ({ dryRun = false, ...options }: BuildOptions) => {
      const client = await connect();
      const startedAt = performance.now();
      using progress = progressLine(process.stderr);
      const build = {
        ...options,
        signal,
        proxies: proxiesFromEnvironment(process.env),
        onProgress: (step: EngineProgress) => progress.show(step),
      };
      if (dryRun) {
        const plan = await planImage(client, build);
        process.stdout.write(`${plan.commands.join("\n")}\n`);
        return;
      }
      const built = await buildImage(client, build);
      progress.clear();
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      process.stdout.write(
        `${built.reference}: ${megabytes(built)}, built in ${seconds} s (${built.labels[imageLabels.method]})\n${built.digest}\n`,
      );
    });
  image
    .command("list")
    .description("List the images that were built by this recipe.")
    .option("--json", "print a JSON array")
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const images = await listImages(await connect(), imageLabels.recipe);
      if (json) return void process.stdout.write(`${JSON.stringify(images, undefined, 2)}\n`);
      const rows = await Promise.all(
        images.map(async (facts) => [
          facts.reference.slice(0, 40),
          facts.digest.slice(0, 19),
          megabytes(facts),
          createdAt(facts),
          await recipeStateOf(facts.labels),
        ]),
      );
      process.stdout.write(table([["NAME", "DIGEST", "SIZE", "CREATED", "RECIPE"], ...rows]));
    });
  image
    .command("inspect")
    .description("Tell what the engine knows of an image, with the digest to pin.")
    .argument("[name]", "name, name with digest, or id", defaultImage)
    .option("--json", "print one JSON object")
    .action(async (name: string, { json = false }: { readonly json?: boolean }) => {
      const facts = await inspectImage(await connect(), name);
      if (facts === undefined) throw missing(name);
      if (json) return void process.stdout.write(`${JSON.stringify(facts, undefined, 2)}\n`);
      process.stdout.write(
        table([
          ["name", facts.reference],
          ["digest", facts.digest],
          ["size", megabytes(facts)],
          ["created", createdAt(facts)],
          ["architecture", facts.architecture],
          ["recipe", await recipeStateOf(facts.labels)],
          ["packages", facts.labels[imageLabels.packages] ?? ""],
        ]),
      );
    });
  return image;
}

interface BuildOptions {
  readonly name: string;
  readonly method: BuildMethod;
  readonly packages?: readonly string[];
  readonly suite: string;
  readonly dryRun?: boolean;
}

function missing(name: string): OpsthreadError {
  return new OpsthreadError(
    "SANDBOX_IMAGE",
    `Cannot inspect the image "${name}": the engine does not have it. Run "opsthread image build"`,
  );
}

function megabytes({ sizeBytes }: ImageFacts): string {
  return `${Math.round(sizeBytes / 1e6)} MB`;
}

function createdAt({ createdAt: at }: ImageFacts): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}

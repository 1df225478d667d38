import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { OpsthreadError } from "../../core/errors.ts";

/** Everything that decides what is in the image, apart from the versions that Debian has on the day. */
export interface Recipe {
  readonly folder: string;
  readonly suite: string;
  readonly packages: readonly string[];
  /** Those of `packages` that were asked for besides the list. */
  readonly extra: readonly string[];
  /** Patterns of paths that dpkg leaves out. */
  readonly exclude: readonly string[];
  /** The same recipe has the same hash. */
  readonly hash: string;
}

/** Labels of the image. */
export const imageLabels = {
  recipe: "opsthread.image.recipe",
  suite: "opsthread.image.suite",
  method: "opsthread.image.method",
  packages: "opsthread.image.packages",
} as const;

/** What programs in the image see by default; drivers set the same again. */
export const imageEnvironment: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/workspace",
  LANG: "C.UTF-8",
  LC_ALL: "C.UTF-8",
};

/** Debian 13: the oldest with a Node.js that runs task programs. */
export const defaultSuite = "trixie";

/** The default folder of the recipe, the same from the sources and from the built package. */
const recipeFolder = fileURLToPath(new URL("../../../deploy/sandbox/", import.meta.url));

/**
 * Reads the image's recipe.
 * @throws {OpsthreadError} `CONFIG_INVALID` for what can't be a suite or a package
 */
export async function readRecipe({
  suite = defaultSuite,
  packages: more = [],
  folder = recipeFolder,
}: {
  readonly suite?: string | undefined;
  /** Debian packages besides the recipe's own. */
  readonly packages?: readonly string[] | undefined;
  readonly folder?: string | undefined;
} = {}): Promise<Recipe> {
  checkNames([suite], /^[a-z][a-z-]*$/, "suite");
  checkNames(more, /^[a-z0-9][a-z0-9+.-]+$/, "package");
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  const [list, exclude, finish, dockerfile] = await Promise.all([
    read("packages.txt"),
    read("exclude.txt"),
    read("finish.sh"),
    read("Dockerfile"),
  ]);
  const listed = linesOf(list);
  const extra = [...new Set(more)].filter((name) => !listed.includes(name)).toSorted();
  const packages = [...listed, ...extra].toSorted();
  const all = { suite, packages, exclude: linesOf(exclude), finish, dockerfile };
  const hash = createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, 16);
  return { folder, suite, packages, extra, exclude: all.exclude, hash };
}

/**
 * Whether an image is what its recipe would make today. `foreign`: it was not made by one.
 */
export async function recipeStateOf(
  labels: Readonly<Record<string, string>>,
): Promise<"current" | "outdated" | "foreign"> {
  const made = labels[imageLabels.recipe];
  if (made === undefined) return "foreign";
  const packages = labels[imageLabels.packages]?.split(" ").filter((name) => name !== "");
  const recipe = await readRecipe({ suite: labels[imageLabels.suite], packages });
  return recipe.hash === made ? "current" : "outdated";
}

/** Names end up as arguments of programs, where one could be taken for an option. */
function checkNames(names: readonly string[], pattern: RegExp, what: string): void {
  const bad = names.find((name) => !pattern.test(name));
  if (bad !== undefined)
    throw new OpsthreadError("CONFIG_INVALID", `Cannot use "${bad}" as the name of a ${what}`);
}

function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
}

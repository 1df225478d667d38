import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

import { z } from "zod";

import { OpsthreadError } from "../../core/errors.ts";
import { codeOf } from "../system-error.ts";
import { crawl } from "./crawl.ts";
import { isUnchanged, openDisk, Seen } from "./disk.ts";
import { layOut } from "./lay-out.ts";
import { writeBundle } from "./write-bundle.ts";

/** Code of tasks, made ready to be shown in sandboxes. */
export interface TaskCode {
  /** Host folder to be shown read-only in sandboxes. It holds all bundles; later ones appear in it. */
  readonly folder: string;
  /**
   * Gathers a module and all the code that it needs, and nothing else of where it lies. The same code is gathered once.
   * @throws {OpsthreadError} `TASK_NOT_FOUND` when the module is not there
   */
  stage(module: string): Promise<StagedCode>;
  /** Removes bundles that were not asked for within this time. */
  prune(options: { readonly unusedMs: number }): Promise<void>;
}

export interface StagedCode {
  /** The same for the same code. */
  readonly id: string;
  /** Path of the module in the folder. */
  readonly entry: string;
}

/** What is known of a module from before. It names host paths, so it does not lie where sandboxes see it. */
const Known = z.object({ id: z.string(), entry: z.string(), seen: Seen });
type Known = z.infer<typeof Known>;

export interface TaskCodeOptions {
  /** Host folder for this alone. */
  readonly folder: string;
  /** The folder of the package that this file belongs to. */
  readonly frameworkRoot: string;
}

export function taskCode({ folder, frameworkRoot }: TaskCodeOptions): TaskCode {
  const code = join(folder, "code");
  const known = join(folder, "known");
  const drafts = join(folder, "drafts");
  const bundleOf = (id: string): string => join(code, id);

  const remembered = async (path: string): Promise<Known | undefined> => {
    const found = await readKnown(path);
    if (!found || !isUnchanged(found.seen)) return undefined;
    return (await isThere(bundleOf(found.id))) ? found : undefined;
  };

  const gather = async (module: string, path: string): Promise<Known> => {
    const disk = openDisk();
    const entry = disk.file(fileURLToPath(module));
    if (entry === undefined)
      throw new OpsthreadError(
        "TASK_NOT_FOUND",
        `Cannot run a task of module "${posix.basename(module)}": there is no such file`,
      );
    const bundle = layOut(crawl(entry, { disk, frameworkRoot }));
    const seen = disk.seen();
    const id = hashOf([[...bundle.copies], [...bundle.texts], [...bundle.links], seen.stats]);
    if (!(await isThere(bundleOf(id)))) {
      const draft = join(drafts, randomUUID());
      await writeBundle(bundle, draft);
      await mkdir(code, { recursive: true, mode: 0o755 });
      await putInPlace(draft, bundleOf(id));
    }
    const found = { id, entry: posix.join(id, bundle.placeOf(entry)), seen };
    await mkdir(known, { recursive: true });
    await mkdir(drafts, { recursive: true });
    const draft = join(drafts, randomUUID());
    await writeFile(draft, JSON.stringify(found));
    await rename(draft, path);
    return found;
  };

  return {
    folder: code,
    async stage(module) {
      const path = join(known, `${hashOf(module)}.json`);
      const { id, entry } = (await remembered(path)) ?? (await gather(module, path));
      const now = new Date();
      await utimes(path, now, now);
      return { id, entry };
    },
    async prune({ unusedMs }) {
      const before = Date.now() - unusedMs;
      const used = new Set<string>();
      for (const path of await entriesOf(known)) {
        const found = await readKnown(path);
        if (found && (await changedAt(path)) >= before) used.add(bundleOf(found.id));
        else await rm(path, { force: true });
      }
      for (const path of [...(await entriesOf(code)), ...(await entriesOf(drafts))])
        if (!used.has(path) && (await changedAt(path)) < before)
          await rm(path, { recursive: true, force: true });
    },
  };
}

const hashOf = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 24);

async function readKnown(path: string): Promise<Known | undefined> {
  try {
    return Known.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined; // Not there, or of another version: it is made anew.
  }
}

async function putInPlace(draft: string, target: string): Promise<void> {
  try {
    await rename(draft, target);
  } catch (error) {
    const code = codeOf(error);
    await rm(draft, { recursive: true, force: true });
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error; // Somebody else was faster, with the same.
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await changedAt(path)) > 0;
}

async function changedAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).map((name) => join(folder, name));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** The folder of the package that a file of it belongs to. */
export async function packageRootOf(file: string): Promise<string> {
  let folder = dirname(file);
  while (folder !== dirname(folder) && !(await isThere(join(folder, "package.json"))))
    folder = dirname(folder);
  return folder;
}

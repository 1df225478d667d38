import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import { messageOf, OpsthreadError } from "../../../core/errors.ts";
import { Installation, type InstallationStore } from "./installation.ts";
import { Sealed, seal, unseal } from "./seal.ts";

export interface FileInstallationsOptions {
  /** A file each; made when absent, for its owner only. */
  readonly folder: string;
  /**
   * Random, 32 characters or more each: `openssl rand -base64 32`. The first one seals. To change it, put a new one before
   * it: what an old one sealed is sealed anew when it is read, so that the old one can go some day.
   */
  readonly keys: readonly string[];
}

/**
 * Keeps installations in encrypted files.
 *
 * @example
 * fileInstallations({ folder: ".opsthread/slack", keys: [process.env.SLACK_INSTALLATION_KEY] })
 *
 * @throws {OpsthreadError} `CONFIG_INVALID` for keys that are too short; `find()` where none of them fits, and
 * `STORE_CORRUPT` where a file is none of its
 */
export function fileInstallations({ folder, keys }: FileInstallationsOptions): InstallationStore {
  const [first = ""] = keys;
  if (keys.length === 0 || keys.some((key) => typeof key !== "string" || key.length < minKey))
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot keep installations: a key is missing or too short, expected ${minKey} random characters or more`,
    );
  let tail: Promise<unknown> = Promise.resolve();
  /** One after the other: what is removed must not come back by being sealed anew. */
  const inTurn = <Result>(run: () => Promise<Result>): Promise<Result> => {
    const done = tail.then(run);
    tail = done.catch(() => {}); // Who asked for it has it.
    return done;
  };
  const write = async (installation: Installation): Promise<void> => {
    const { teamId } = Installation.parse(installation);
    const sealed = seal(JSON.stringify(installation), { key: first, about: teamId });
    await writeWhole(folder, `${teamId}.json`, JSON.stringify(sealed));
  };

  return {
    save: (installation) => inTurn(() => write(installation)),

    find: (teamId) =>
      inTurn(async () => {
        if (!isTeamId(teamId)) return undefined;
        const text = await readIfThere(join(folder, `${teamId}.json`));
        if (text === undefined) return undefined;
        const sealed = Sealed.safeParse(parsed(text));
        if (!sealed.success) throw corrupt(teamId);
        for (const [index, key] of keys.entries()) {
          const opened = unseal(sealed.data, { key, about: teamId });
          if (opened === undefined) continue;
          const installation = Installation.safeParse(parsed(opened));
          if (!installation.success) throw corrupt(teamId);
          if (index > 0) await write(installation.data);
          return installation.data;
        }
        throw new OpsthreadError(
          "CONFIG_INVALID",
          `Cannot read the installation of workspace "${teamId}": no key fits, expected the one that it was sealed with; add that to the keys, or install the app again`,
        );
      }),

    remove: (teamId) =>
      inTurn(async () => {
        if (isTeamId(teamId)) await rm(join(folder, `${teamId}.json`), { force: true });
      }),
  };
}

const minKey = 32;
const isTeamId = (teamId: string): boolean => Installation.shape.teamId.safeParse(teamId).success;

/** Anybody who looks finds the former content or this one. */
async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const passing = join(folder, `.${name}.${randomUUID()}`);
  try {
    const file = await open(passing, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(passing, join(folder, name));
  } catch (error) {
    await rm(passing, { force: true });
    throw error;
  }
  const entries = await open(folder, "r");
  try {
    await entries.sync();
  } finally {
    await entries.close();
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new OpsthreadError("STORE_CORRUPT", `Cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Its shape is what is looked at next.
  }
}

const corrupt = (teamId: string): OpsthreadError =>
  new OpsthreadError(
    "STORE_CORRUPT",
    `Cannot read the installation of workspace "${teamId}": the file is damaged; remove it, and install the app again`,
  );

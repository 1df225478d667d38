import { open, rm, truncate } from "node:fs/promises";

import { OpsthreadError } from "../core/errors.ts";
import { blockBytes, readSuperblock } from "./ext4-superblock.ts";
import { runProgram, tryProgram } from "./run-program.ts";

/**
 * Makes a sparse file with an empty file system in which files can take `bytes`, in whole blocks. Returns how many
 * blocks that needs in all: told the next time, it need not be found out again.
 */
export async function makeImage(
  image: string,
  bytes: number,
  { knownBlocks }: { readonly knownBlocks?: number | undefined } = {},
): Promise<number> {
  const wanted = Math.floor(bytes / blockBytes);
  const { inodes, journal } = shapeOf(bytes);
  const guess = Math.ceil(wanted * 1.021) + Math.ceil(inodes / 16) + 64 + (journal ? 2_048 : 0);
  let blocks = knownBlocks ?? guess;
  // What a file system takes for itself depends on its size in steps: try, look and correct.
  for (let attempt = 1; ; attempt += 1) {
    await makeSparse(image, blocks * blockBytes);
    await runProgram("mkfs.ext4", [...mkfsFlags(bytes, { inodes, journal }), image]);
    const { freeForFiles } = await readSuperblock(image);
    const missing = wanted - (freeForFiles + lostAndFoundBlocks);
    if (missing === 0 || (missing < 0 && attempt > exactAttempts)) return blocks;
    if (attempt > 3 * exactAttempts) throw new Error(`Cannot make an image of ${bytes} bytes`);
    blocks += missing;
  }
}

const exactAttempts = 4;

/** Taken by the folder `lost+found`, which is removed at the first mount. */
const lostAndFoundBlocks = 4;

/** Inodes that are never a file's. */
export const reservedInodes = 10;

const journalFrom = 64 * 1024 * 1024;

const shapeOf = (bytes: number): { readonly inodes: number; readonly journal: boolean } => ({
  inodes: Math.min(1_000_000, Math.max(16, Math.floor(bytes / blockBytes))) + reservedInodes + 1,
  journal: bytes >= journalFrom,
});

/** The label says the bytes that were asked for. */
const mkfsFlags = (
  bytes: number,
  { inodes, journal }: { readonly inodes: number; readonly journal: boolean },
): readonly string[] =>
  [
    `-q -F -m 0 -b ${blockBytes} -I 256 -N ${inodes} -L ${bytes}`,
    "-E nodiscard,lazy_itable_init=1,lazy_journal_init=1",
    `-O ${journal ? "has_journal" : "^has_journal"},^resize_inode,metadata_csum`,
    ...(journal ? ["-J size=8"] : []),
  ].flatMap((flags) => flags.split(" "));

async function makeSparse(image: string, bytes: number): Promise<void> {
  await rm(image, { force: true });
  const file = await open(image, "wx", 0o600);
  try {
    await file.truncate(bytes);
  } finally {
    await file.close();
  }
}

/** The bytes that an image was made for. */
export async function bytesOfImage(image: string): Promise<number> {
  return Number((await readSuperblock(image)).label) || 0;
}

/** Makes an image larger. It must not be mounted. */
export async function growImage(image: string, bytes: number): Promise<void> {
  await checkImage(image, { force: true });
  const before = await readSuperblock(image);
  const missing = Math.floor(bytes / blockBytes) - Math.floor(Number(before.label) / blockBytes);
  let { blocks } = before;
  let left = missing;
  for (let attempt = 1; left > 0; attempt += 1) {
    if (attempt > maxGrowths) throw new Error(`Cannot grow an image to ${bytes} bytes`);
    // More than what is missing: each further group of blocks has a map and inodes of its own.
    blocks += Math.ceil(left * 1.02) + 16 * attempt;
    await truncate(image, blocks * blockBytes);
    await runProgram("resize2fs", ["-f", image, String(blocks)]);
    left = missing - ((await readSuperblock(image)).freeForFiles - before.freeForFiles);
  }
  await runProgram("tune2fs", ["-L", String(bytes), image]);
}

const maxGrowths = 12;

/**
 * Repairs what a crash left. It must not be mounted.
 * @throws {OpsthreadError} `SANDBOX_LOST` when that can't be done
 */
export async function checkImage(
  image: string,
  { force = false }: { readonly force?: boolean } = {},
): Promise<void> {
  if (!force && !(await readSuperblock(image)).needsCheck) return;
  const careful = await tryProgram("e2fsck", [...(force ? ["-f"] : []), "-p", image]);
  if (isRepaired(careful.code)) return;
  const thorough = await tryProgram("e2fsck", ["-f", "-y", image]);
  if (isRepaired(thorough.code)) return;
  throw new OpsthreadError(
    "SANDBOX_LOST",
    `Cannot open the workspace: its image is damaged and e2fsck can't repair it: ${thorough.output.slice(-300)}`,
  );
}

/** Bits of the exit code: 1 and 2 are errors that were corrected. */
const isRepaired = (code: number | string): boolean => typeof code === "number" && code <= 3;

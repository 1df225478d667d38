import { cloneFile, createCloneProbe } from "./clone-file.ts";
import type { SignalOption } from "./compression.ts";
import { readSuperblock } from "./ext4-superblock.ts";
import { runProgram, tryProgram } from "./run-program.ts";

/** Writes the image that holds a workspace to a new file, as a clone. False where that can't be. */
export type CloneImage = (to: string) => Promise<boolean>;

/**
 * Clones of the images in a folder while they are mounted, whatever writes in them meanwhile.
 *
 * A clone has all that was written to the image before it, and nothing is held back for it: that is what a power
 * failure leaves, and what the journal is for. It is replayed at once, so that the clone is a clean file system. Files
 * have what was written before the call, because that is brought to the image first. Freezing the file system would
 * spare the replay, but it stays frozen, with all that writes in it, when this process is killed in the middle.
 */
export function createImageClones(
  images: string,
): (mounted: { readonly image: string; readonly target: string }) => CloneImage {
  const canClone = createCloneProbe(images);
  return ({ image, target }) =>
    async (to) => {
      // Without a journal only one that is unmounted is whole. Such an image is small, and quickly packed.
      if (!(await readSuperblock(image)).hasJournal || !(await canClone(to))) return false;
      await runProgram("sync", ["--file-system", "--", target]);
      if (!(await cloneFile(image, to))) return false;
      await settle(to, ["-p"]);
      return true;
    };
}

/** Copies a clone back, which may have been carried to where there are none. Refuses one that is damaged. */
export async function copyImage(from: string, to: string, { signal }: SignalOption): Promise<void> {
  signal.throwIfAborted();
  if (!(await cloneFile(from, to))) await runProgram("cp", ["--sparse=always", "--", from, to]);
  signal.throwIfAborted();
  await settle(to, ["-f", "-p"]);
}

/** Replays the journal, and makes sure that this is all that there is to repair. */
async function settle(image: string, flags: readonly string[]): Promise<void> {
  const { code, output } = await tryProgram("e2fsck", [...flags, image]);
  if (code === 0 || code === 1) return;
  throw new Error(
    `Cannot use the image "${image}": e2fsck finds it damaged, expected a whole one: ${output.trim().slice(-300)}`,
  );
}

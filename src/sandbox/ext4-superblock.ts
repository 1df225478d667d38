import { open } from "node:fs/promises";

export const blockBytes = 4_096;

/** What the superblock of an ext4 image says. Layout: https://docs.kernel.org/filesystems/ext4/super.html */
export interface Superblock {
  readonly blocks: number;
  /** Blocks that files can take: free ones, less those that ext4 keeps for itself. */
  readonly freeForFiles: number;
  /** Bytes that files and folders take. */
  readonly usedBytes: number;
  /** Whether it is whole again after a power failure. */
  readonly hasJournal: boolean;
  /** It was not unmounted, or has errors. */
  readonly needsCheck: boolean;
  readonly label: string;
}

export async function readSuperblock(image: string): Promise<Superblock> {
  const bytes = Buffer.alloc(1_024);
  const file = await open(image, "r");
  try {
    await file.read(bytes, 0, bytes.length, 1_024);
  } finally {
    await file.close();
  }
  if (bytes.readUInt16LE(0x38) !== 0xef53)
    throw new Error(`Cannot use "${image}": it holds no ext4 file system`);
  const number = (low: number, high: number): number =>
    bytes.readUInt32LE(low) + bytes.readUInt32LE(high) * 2 ** 32;
  const blocks = number(0x04, 0x150);
  const free = number(0x0c, 0x158);
  // Its own tables and its journal, where mkfs or the kernel has noted them.
  const overhead = bytes.readUInt32LE(0x248);
  const state = bytes.readUInt16LE(0x3a);
  const hasJournalToReplay = (bytes.readUInt32LE(0x60) & 0x04) !== 0;
  return {
    blocks,
    freeForFiles: free - reservedBlocks(blocks),
    usedBytes: Math.max(0, blocks - free - overhead) * blockBytes,
    hasJournal: (bytes.readUInt32LE(0x5c) & 0x04) !== 0,
    needsCheck: (state & 1) === 0 || (state & 2) !== 0 || hasJournalToReplay,
    label: bytes.subarray(0x78, 0x88).toString().replace(/\0.*$/s, ""),
  };
}

/** What the kernel keeps back for its own metadata: 2 %, at most 16 MiB. */
const reservedBlocks = (blocks: number): number => Math.min(Math.floor(blocks / 50), 4_096);

import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

/** An append-only file of JSON values, one a line. */
export interface JsonLog extends AsyncDisposable {
  /** Resolves when the value is on disk. A rejected append left nothing behind. */
  append(value: unknown): Promise<void>;
}

/** Opens the log and gives what is in it. A last line that a crash cut off was never confirmed, and is removed. */
export async function openJsonLog(
  path: string,
): Promise<{ readonly log: JsonLog; readonly lines: readonly string[] }> {
  const file = await open(path, "a+");
  try {
    const bytes = await file.readFile();
    const size = bytes.lastIndexOf("\n") + 1;
    if (size < bytes.length) await file.truncate(size);
    await syncFolder(dirname(path));
    const lines = bytes.toString("utf8", 0, size).split("\n").slice(0, -1);
    return { log: appendTo(file, size), lines };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function appendTo(file: FileHandle, initialSize: number): JsonLog {
  let size = initialSize;
  let tail: Promise<void> = Promise.resolve();
  let broken: Error | undefined;
  let closing: Promise<void> | undefined;

  const write = async (line: Buffer): Promise<void> => {
    if (broken) throw broken;
    try {
      await file.appendFile(line);
      await file.datasync();
      size += line.length;
    } catch (error) {
      // Half a line would make the next one unreadable.
      await file.truncate(size).catch((cause: unknown) => {
        broken = new Error("Cannot append to the log: an earlier write was cut off", { cause });
      });
      throw error;
    }
  };

  return {
    append(value) {
      const written = tail.then(() => write(Buffer.from(`${JSON.stringify(value)}\n`)));
      tail = written.catch(() => {
        // The caller of this append has it; the next append stands for itself.
      });
      return written;
    },
    [Symbol.asyncDispose]() {
      closing ??= tail.then(() => file.close());
      return closing;
    },
  };
}

/** Makes a new file's name as durable as its content. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } catch {
    // Not every file system can (Windows can't); the content is synced in any case.
  } finally {
    await folder.close();
  }
}

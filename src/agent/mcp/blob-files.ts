import { isOpsthreadError } from "../../core/errors.ts";
import type { ToolContext } from "../tool.ts";
import { formatBytes } from "../tools/format.ts";

interface Blob {
  /** Base64. */
  readonly data: string;
  readonly mimeType?: string | undefined;
}

/** Keeps what a call gave that is no text, each in a workspace file, and says where. */
export function blobFiles({
  server,
  context: { session, executionId, signal },
}: {
  readonly server: string;
  readonly context: Pick<ToolContext, "session" | "executionId" | "signal">;
}): (what: string, blob: Blob) => Promise<string> {
  let count = 0;
  return async (what, { data, mimeType = "application/octet-stream" }) => {
    count += 1;
    const bytes = Buffer.from(data, "base64");
    const about = `${what}, ${mimeType}, ${formatBytes(bytes.length)}`;
    const path = `mcp/${server}/${executionId}-${count}.${extensions[mimeType] ?? "bin"}`;
    try {
      const { files } = await session.sandbox();
      await files.write(path, bytes, { signal });
    } catch (error) {
      if (!isOpsthreadError(error, "SANDBOX_QUOTA")) throw error;
      return `[${about}; not kept: ${error.message}]`;
    }
    return `[${about}: kept in ${path}]`;
  };
}

/** Of what is worth a name that people's programs know. */
const extensions: Readonly<Record<string, string>> = {
  "application/json": "json",
  "application/pdf": "pdf",
  "audio/mpeg": "mp3",
  "audio/wav": "wav",
  "image/gif": "gif",
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/svg+xml": "svg",
  "image/webp": "webp",
  "text/csv": "csv",
  "text/html": "html",
  "text/plain": "txt",
};

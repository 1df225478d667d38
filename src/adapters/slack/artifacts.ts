import { z } from "zod";

import { abortable } from "../../core/abort.ts";
import { messageOf, OpsthreadError } from "../../core/errors.ts";
import type { Artifact } from "../../core/post.ts";
import type { OpenArtifact } from "../adapter.ts";
import { visibleLabel } from "../text/control.ts";
import type { SlackApi } from "./api.ts";

/** Files that Slack has, and nobody sees yet. */
export interface Uploaded {
  readonly ids: readonly string[];
  /** What could not be brought, in words. */
  readonly notes: readonly string[];
}

/**
 * Brings the artifacts' bytes to Slack. Nothing can be seen of them before they are shared.
 * @throws {OpsthreadError} `ADAPTER_POST_FAILED`, `ADAPTER_RATE_LIMITED`
 */
export async function uploadArtifacts(
  artifacts: readonly Artifact[],
  {
    api,
    open,
    signal,
  }: { readonly api: SlackApi; readonly open: OpenArtifact; readonly signal: AbortSignal },
): Promise<Uploaded> {
  const ids: string[] = [];
  const notes: string[] = [];
  for (const artifact of artifacts) {
    const { bytes: length } = artifact;
    const name = fileName(artifact.name);
    // Slack takes no empty file.
    if (length === 0) {
      notes.push(`${name} is empty.`);
      continue;
    }
    const bytes = await abortable(open(artifact), signal);
    if (bytes) ids.push(await uploadFile({ name, length, bytes }, { api, signal }));
    else notes.push(`${name} is no longer kept.`);
  }
  return { ids, notes };
}

/** Brings one file, and gives its id. What went wrong here left nothing behind that anybody sees. */
export async function uploadFile(
  {
    name,
    length,
    bytes,
  }: { readonly name: string; readonly length: number; readonly bytes: AsyncIterable<Uint8Array> },
  { api, signal }: { readonly api: SlackApi; readonly signal: AbortSignal },
): Promise<string> {
  const asked = await api
    .call("files.getUploadURLExternal", { filename: name, length }, { signal })
    .catch((error: unknown) => {
      throw notUploaded(error, { name, signal });
    });
  const { upload_url, file_id } = Asked.parse(asked);
  try {
    // The address is the right to it: the token stays here.
    const response = await fetch(upload_url, {
      method: "POST",
      body: ReadableStream.from(bytes),
      duplex: "half",
      redirect: "error",
      headers: { "content-type": "application/octet-stream", "content-length": String(length) },
      signal,
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`status ${response.status}`);
  } catch (error) {
    throw notUploaded(error, { name, signal });
  }
  return file_id;
}

/** Slack shows the name as it is, and an address can't hold half a surrogate pair. */
export function fileName(name: string): string {
  const clean = visibleLabel(Buffer.from(name).toString()).trim();
  return clean === "" ? "file" : clean.length <= 200 ? clean : `…${clean.slice(-199)}`;
}

const Asked = z.object({ upload_url: z.string().min(1), file_id: z.string().min(1) });

function notUploaded(
  error: unknown,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof OpsthreadError && error.code !== "ADAPTER_POST_UNKNOWN") return error;
  return new OpsthreadError(
    "ADAPTER_POST_FAILED",
    `Cannot upload artifact "${name}": ${messageOf(error)}`,
    { cause: error },
  );
}

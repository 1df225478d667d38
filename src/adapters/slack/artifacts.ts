import { z } from "zod";

import { abortable } from "../../core/abort.ts";
import { isOpsthreadError, messageOf, OpsthreadError } from "../../core/errors.ts";
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

/** What is known of a post's uploads from former tries, by the artifact's place. */
export interface UploadTries {
  readonly ids: Map<number, string>;
  failures: number;
}

/**
 * Brings the artifacts' bytes to Slack. Nothing can be seen of them before they are shared. What can't be brought in some
 * tries is named instead, so that the answer does not wait for it for ever.
 * @throws {OpsthreadError} `ADAPTER_POST_FAILED`, `ADAPTER_RATE_LIMITED`
 */
export async function uploadArtifacts(
  artifacts: readonly Artifact[],
  {
    api,
    open,
    signal,
    tries,
  }: {
    readonly api: SlackApi;
    readonly open: OpenArtifact;
    readonly signal: AbortSignal;
    readonly tries: UploadTries;
  },
): Promise<Uploaded> {
  const notes: string[] = [];
  for (const [place, artifact] of artifacts.entries()) {
    if (tries.ids.has(place)) continue;
    const { bytes: length } = artifact;
    const name = fileName(artifact.name);
    // Slack takes no empty file.
    if (length === 0) {
      notes.push(`${name} is empty.`);
      continue;
    }
    const bytes = await abortable(open(artifact), signal);
    if (!bytes) {
      notes.push(`${name} is no longer kept.`);
      continue;
    }
    try {
      tries.ids.set(place, await uploadFile({ name, length, bytes }, { api, signal }));
    } catch (error) {
      if (isOpsthreadError(error, "ADAPTER_RATE_LIMITED") || signal.aborted) throw error;
      tries.failures += 1;
      if (tries.failures < maxFailures) throw error;
      notes.push(`${name} could not be brought to Slack: ${reasonOf(error)}.`);
    }
  }
  const ids = [...tries.ids].toSorted(([one], [other]) => one - other).map(([, id]) => id);
  return { ids, notes };
}

/** The outbox tries again after growing pauses. */
const maxFailures = 4;

function reasonOf(error: unknown): string {
  const said = messageOf(error);
  return said.slice(said.lastIndexOf(": ") + 2).slice(0, 200);
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
    .call("files.getUploadURLExternal", { filename: name, length }, { signal, waitMs })
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

const waitMs = 5000;

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

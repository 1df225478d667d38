import { z } from "zod";

import { messageOf, OpsthreadError } from "../../core/errors.ts";
import type { SlackWorkspace } from "./workspaces.ts";

/**
 * The bytes of a file.
 * @throws {OpsthreadError} `ATTACHMENT_UNAVAILABLE`
 */
export async function* downloadFile(
  id: string,
  {
    workspace,
    apiUrl,
    signal,
  }: {
    readonly workspace: () => Promise<SlackWorkspace>;
    readonly apiUrl: string;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  if (!/^F[A-Z0-9]{1,40}$/.test(id)) throw unavailable(id, "Slack has no such ids");
  try {
    const { api, botToken } = await workspace();
    const { file } = Info.parse(await api.call("files.info", { file: id }, { signal, waitMs }));
    const url = new URL(file.url_private_download ?? file.url_private);
    // A file may lie elsewhere, with someone who must not have the token.
    if (!isSlacks(url, new URL(apiUrl))) throw new Error("it does not lie at Slack");
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${botToken}` },
      redirect: "error",
      signal,
    });
    const type = response.headers.get("content-type") ?? "";
    if (!response.ok) throw new Error(`status ${response.status}`);
    // Instead of a refusal comes a page to sign in.
    if (type.startsWith("text/html") && file.mimetype !== "text/html")
      throw new Error("Slack asks to sign in: the token may not read it");
    for await (const chunk of response.body ?? []) yield chunk;
  } catch (error) {
    signal.throwIfAborted();
    throw unavailable(id, messageOf(error), error);
  }
}

function isSlacks(url: URL, api: URL): boolean {
  if (url.origin === api.origin) return true;
  return url.protocol === "https:" && /(?:^|\.)slack(?:-gov)?\.com$/.test(url.hostname);
}

/** How long it may wait for its turn: nothing else is to be had instead. */
const waitMs = 60_000;

const Info = z.object({
  file: z.object({
    url_private: z.string(),
    url_private_download: z.string().optional(),
    mimetype: z.string().nullish(),
  }),
});

function unavailable(id: string, problem: string, cause?: unknown): OpsthreadError {
  const shown = id.slice(0, 50);
  return new OpsthreadError(
    "ATTACHMENT_UNAVAILABLE",
    `Cannot download file "${shown}": ${problem}`,
    {
      cause,
    },
  );
}

import { z } from "zod";

import { messageOf, OpsthreadError } from "../../core/errors.ts";
import type { Attachment } from "../../core/message.ts";
import type { SlackWorkspace } from "./workspaces.ts";

/**
 * The bytes of a file. What Slack did not tell of where it is, as of files from other workspaces, it is asked for:
 * https://docs.slack.dev/reference/objects/file-object
 * @throws {OpsthreadError} `ATTACHMENT_UNAVAILABLE`
 */
export async function* downloadFile(
  { id: told, mediaType }: Pick<Attachment, "id" | "mediaType">,
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
  const [id = "", place] = told.split(" ", 2);
  if (!/^F[A-Z0-9]{1,40}$/.test(id)) throw unavailable(id, "Slack has no such ids");
  try {
    const { api, botToken } = await workspace();
    const ask = async (): Promise<string> =>
      placeOf(await api.call("files.info", { file: id }, { signal, waitMs }));
    const url = new URL(place ?? (await ask()));
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
    if (type.startsWith("text/html") && mediaType !== "text/html")
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
    url_private: z.string().nullish(),
    url_private_download: z.string().nullish(),
  }),
});

function placeOf(answer: unknown): string {
  const { data } = Info.safeParse(answer);
  const place = data?.file.url_private_download || data?.file.url_private;
  if (!place) throw new Error("Slack did not tell where it is");
  return place;
}

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

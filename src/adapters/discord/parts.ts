import type { Post } from "../../core/post.ts";
import type { OpenArtifact } from "../adapter.ts";
import type { SentFile } from "./api.ts";
import { batches, type FileLimits, readArtifacts, shownFiles } from "./artifacts.ts";
import { layOut, type Shown } from "./layout.ts";

/** One message of a post. */
export interface Part {
  readonly components: Shown;
  /** Of the components those that are no files. */
  readonly texts: Shown;
  readonly files: readonly SentFile[];
}

/** A post as messages, with its files in them; nothing of it is at Discord yet. */
export async function partsOf(
  post: Post,
  {
    open,
    limits,
    signal,
  }: { readonly open: OpenArtifact; readonly limits: FileLimits; readonly signal: AbortSignal },
): Promise<readonly Part[]> {
  const { files, notes } = await readArtifacts(post.artifacts, { open, limits, signal });
  const { messages, whole } = layOut(post, notes);
  const all = whole ? [wholeFile(whole), ...files] : files;
  const [first = [], ...more] = batches(all, limits);
  return [
    ...messages.map((texts, index) => {
      const those = index === messages.length - 1 ? first : [];
      return { texts, components: [...texts, ...shownFiles(those)], files: those };
    }),
    ...more.map((those) => ({ texts: [], components: shownFiles(those), files: those })),
  ];
}

const wholeFile = ({ name, text: content }: { readonly name: string; readonly text: string }) => ({
  name,
  contentType: "text/markdown; charset=utf-8",
  data: Buffer.from(content),
});

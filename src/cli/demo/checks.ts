import { readFile } from "node:fs/promises";

import type { ConsoleWorkspace, TranscriptEntry } from "../../adapters/console/index.ts";
import { secretValues } from "./configs.ts";
import type { DemoThreads } from "./script.ts";

/** One thing that has to be true of what happened. */
export interface Check {
  readonly what: string;
  readonly ok: boolean;
}

type Posted = Extract<TranscriptEntry, { type: "post" }>;

/** Looks at the threads as a person would, and at the files that were saved, whether the main job was done. */
export async function checkThreads(
  workspace: ConsoleWorkspace,
  threads: DemoThreads,
  { withProgress }: { readonly withProgress: ReadonlySet<string> },
): Promise<readonly Check[]> {
  const answersIn = (thread: string): readonly Posted[] =>
    (workspace.transcript(thread)?.entries ?? []).filter((entry) => entry.type === "post");
  const [logs, manifests, environments] = [
    answersIn(threads.logs),
    answersIn(threads.manifests),
    answersIn(threads.environments),
  ];
  const answer = (posts: readonly Posted[]): string => posts[0]?.markdown ?? "";
  const all = [...logs, ...manifests, ...environments];
  const saved = await readArtifacts(all);
  return [
    {
      what: "each thread has one answer",
      ok: [logs, manifests, environments].every(({ length }) => length === 1),
    },
    {
      what: "each thread showed progress while it worked",
      ok: Object.values(threads).every((thread) => withProgress.has(thread)),
    },
    {
      what: "the logs: names the empty connection pool, with the line where it began",
      ok:
        /acquiring connection from pool/i.test(answer(logs)) &&
        /checkout-api\.log:\d+/.test(answer(logs)),
    },
    {
      what: "the logs: the report names the configuration reload that came before it",
      ok: textOf(saved, logs, "report.md").includes("config reloaded"),
    },
    {
      what: "the logs: a report as Markdown and the patterns as JSON are saved",
      ok:
        textOf(saved, logs, "report.md").startsWith("#") &&
        isJson(textOf(saved, logs, "patterns.json")),
    },
    {
      what: "the manifest: names the replicas, the image and the pool size, with lines",
      ok: [/replicas/, /1\.42\.0/, /DB_POOL_MAX/, /checkout-v4[12]\.yaml:\d+/].every((pattern) =>
        pattern.test(answer(manifests)),
      ),
    },
    {
      what: "the manifest: the order of documents and containers is not reported as a change",
      ok: !/metrics-sidecar/.test(answer(manifests)),
    },
    {
      what: "the environments: names the keys that differ",
      ok: ["PAYMENT_API_KEY", "DATABASE_URL", "TLS_VERIFY"].every((key) =>
        answer(environments).includes(key),
      ),
    },
    {
      what: "both comparisons: the differences are saved as files",
      ok: [manifests, environments].every((posts) => textOf(saved, posts, "diff.md").length > 0),
    },
    {
      what: "no secret is in any answer or file",
      ok: !secretValues.some((secret) =>
        [...all.map(({ markdown }) => markdown), ...saved.values()].some((text) =>
          text.includes(secret),
        ),
      ),
    },
  ];
}

async function readArtifacts(posts: readonly Posted[]): Promise<ReadonlyMap<string, string>> {
  const paths = posts.flatMap(({ artifacts }) => artifacts.flatMap(({ path }) => path ?? []));
  const entries = paths.map(async (path) => [path, await readFile(path, "utf8")] as const);
  return new Map(await Promise.all(entries));
}

function textOf(
  saved: ReadonlyMap<string, string>,
  posts: readonly Posted[],
  name: string,
): string {
  const artifact = posts.flatMap(({ artifacts }) => artifacts).find((each) => each.name === name);
  return saved.get(artifact?.path ?? "") ?? "";
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

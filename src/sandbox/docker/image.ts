import type Docker from "dockerode";

import { OpsthreadError } from "../../core/errors.ts";
import { engineError, engineMessage } from "./engine.ts";
import { type EngineProgress, followEngine } from "./progress.ts";

/** The image that sandboxes start from when nothing else is configured. `opsthread image build` makes it. */
export const defaultImage = "opsthread-sandbox";

/** - `never`: it must be there; - `missing`: pulled when it is not there; - `always`: pulled each time. */
export type PullPolicy = "never" | "missing" | "always";

export interface ImageFacts {
  readonly reference: string;
  readonly id: string;
  /** What to pin: the registry's digest, or the id of an image that was made here. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly createdAt: number;
  readonly architecture: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface EnsureImageOptions {
  /** A name with or without a tag, a name with a digest, or an image id. Default {@link defaultImage}. */
  readonly reference?: string;
  /** Default `never` for {@link defaultImage} and for ids, which no registry has; else `missing`. */
  readonly pull?: PullPolicy;
  /** The digest or id that it must have, `sha256:…`. */
  readonly digest?: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: EngineProgress) => void;
}

/**
 * Makes sure that the engine has the image, and that it is the pinned one.
 * @throws {OpsthreadError} `SANDBOX_IMAGE`, `SANDBOX_ENGINE`
 */
export async function ensureImage(
  client: Docker,
  options: EnsureImageOptions,
): Promise<ImageFacts> {
  const { reference = defaultImage, pull = defaultPull(reference), digest, signal } = options;
  const present = await lookUp(client, reference);
  signal.throwIfAborted();
  if (pull === "always" || (pull === "missing" && present === undefined))
    await pullImage(client, reference, options);
  const found = await lookUp(client, reference);
  if (found === undefined)
    throw new OpsthreadError(
      "SANDBOX_IMAGE",
      `Cannot use the image "${reference}": the engine does not have it. ${howToGet(reference)}`,
      { data: { reference } },
    );
  const { facts, digests } = found;
  if (digest !== undefined && !digests.includes(digest))
    throw new OpsthreadError(
      "SANDBOX_IMAGE",
      `Cannot use the image "${reference}": its digest is ${facts.digest}, expected ${digest}. ` +
        "Get the pinned image, or pin the one that is there after looking at it",
      { data: { reference, digest: facts.digest, expected: digest } },
    );
  return facts;
}

/**
 * What the engine knows of an image; undefined when it does not have it.
 * @throws {OpsthreadError} `SANDBOX_ENGINE`
 */
export async function inspectImage(
  client: Docker,
  reference: string = defaultImage,
): Promise<ImageFacts | undefined> {
  return (await lookUp(client, reference))?.facts;
}

/**
 * Images with this label, newest first.
 * @throws {OpsthreadError} `SANDBOX_ENGINE`
 */
export async function listImages(client: Docker, label: string): Promise<readonly ImageFacts[]> {
  const filters = JSON.stringify({ label: [label] });
  const list = await client.listImages({ filters }).catch((error: unknown) => {
    throw engineError("list the images", error);
  });
  const facts = await Promise.all(
    list.flatMap(namesOf).map((reference) => inspectImage(client, reference)),
  );
  return facts
    .filter((image) => image !== undefined)
    .toSorted((a, b) => b.createdAt - a.createdAt || (a.reference < b.reference ? -1 : 1));
}

/** An image that lost its name has only its id; old engines call that `<none>:<none>`. */
function namesOf({ Id, RepoTags }: Docker.ImageInfo): readonly string[] {
  const tags = (RepoTags ?? []).filter((tag) => !tag.startsWith("<none>"));
  return tags.length === 0 ? [Id] : tags;
}

async function lookUp(
  client: Docker,
  reference: string,
): Promise<{ readonly facts: ImageFacts; readonly digests: readonly string[] } | undefined> {
  try {
    const image = await client.getImage(reference).inspect();
    const registry = (image.RepoDigests ?? []).map((name) => name.slice(name.indexOf("@") + 1));
    const facts = {
      reference,
      id: image.Id,
      digest: registry[0] ?? image.Id,
      sizeBytes: image.Size,
      createdAt: Date.parse(image.Created),
      architecture: image.Architecture,
      labels: image.Config?.Labels ?? {},
    };
    return { facts, digests: [image.Id, ...registry] };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw engineError(`inspect the image "${reference}"`, error);
  }
}

async function pullImage(
  client: Docker,
  reference: string,
  { signal, onProgress }: EnsureImageOptions,
): Promise<void> {
  try {
    const stream = await client.pull(reference, { abortSignal: signal });
    for await (const progress of followEngine(stream)) onProgress?.(progress);
  } catch (error) {
    signal.throwIfAborted();
    throw new OpsthreadError(
      "SANDBOX_IMAGE",
      `Cannot pull the image "${reference}": ${engineMessage(error)}. ${howToGet(reference)}`,
      { cause: error, data: { reference } },
    );
  }
}

function isMissing(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "statusCode" in error && error.statusCode === 404
  );
}

function defaultPull(reference: string): PullPolicy {
  return isDefault(reference) || reference.startsWith("sha256:") ? "never" : "missing";
}

function isDefault(reference: string): boolean {
  return reference === defaultImage || reference.startsWith(`${defaultImage}:`);
}

function howToGet(reference: string): string {
  if (isDefault(reference)) return 'Run "opsthread image build"';
  return `Pull or load it into the engine, or run "opsthread image build --name ${reference}"`;
}

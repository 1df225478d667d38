import { messageOf, OpsthreadError } from "../../core/errors.ts";
import type { probeBubblewrap } from "../../sandbox/bubblewrap/probe.ts";
import {
  type Isolation,
  type PassedOver,
  type SandboxCandidate,
  selectSandboxes,
} from "../../sandbox/choose.ts";
import type { Engine, NoEngine } from "../../sandbox/docker/engine.ts";
import { defaultImage, ensureImage, type ImageFacts } from "../../sandbox/docker/image.ts";
import { isolationOf } from "../../sandbox/docker/isolation.ts";
import { engineShortcoming } from "../../sandbox/docker/probe.ts";
import { recipeStateOf } from "../../sandbox/docker/recipe.ts";
import type { Check } from "./check.ts";

export interface SandboxWishes {
  readonly wanted: string;
  readonly minimumIsolation?: Isolation | undefined;
  readonly runtime?: string | undefined;
  readonly image?: string | undefined;
  readonly digest?: string | undefined;
}

type Bubblewrap = Awaited<ReturnType<typeof probeBubblewrap>>;

export function checkEngine(engine: Engine | NoEngine): readonly Check[] {
  if (!engine.reachable)
    return [{ name: "engine", status: "warn", text: engine.reason, hint: engine.hint }];
  const { facts, socket } = engine;
  const { vendor, version, storageDriver, rootless } = facts;
  const limits = Object.entries(facts.limits).flatMap(([name, kept]) => (kept ? [name] : []));
  const shortcoming = engineShortcoming(facts);
  const limited = `cgroup v${facts.cgroupVersion}, limits: ${limits.join(", ") || "none"}; seccomp: ${facts.seccomp ? "yes" : "no"}`;
  return [
    {
      name: "engine",
      status: "ok",
      text: `${vendor} ${version} at ${socket} (${storageDriver}${rootless ? ", rootless" : ""})`,
    },
    {
      name: "runtimes",
      status: "ok",
      text: facts.runtimes
        .map((name) => (name === facts.defaultRuntime ? `${name} (default)` : name))
        .join(", "),
    },
    shortcoming === undefined
      ? { name: "cgroups", status: "ok", text: limited }
      : { name: "cgroups", status: "warn", text: shortcoming.reason, hint: shortcoming.hint },
  ];
}

export interface ImageCheck {
  readonly check: Check;
  readonly image?: ImageFacts;
}

/** Looks, and pulls nothing: a check changes nothing. */
export async function checkImage(
  { client }: Engine,
  { image: reference = defaultImage, digest }: SandboxWishes,
  { signal }: { readonly signal: AbortSignal },
): Promise<ImageCheck> {
  const name = "image";
  try {
    const image = await ensureImage(client, {
      reference,
      pull: "never",
      signal,
      ...(digest !== undefined && { digest }),
    });
    const state = await recipeStateOf(image.labels);
    const text = `${reference} ${image.digest.slice(0, 19)}, ${Math.round(image.sizeBytes / 1e6)} MB, ${image.architecture}`;
    if (state !== "outdated") return { image, check: { name, status: "ok", text } };
    const hint = 'Run "opsthread image build"';
    return {
      image,
      check: { name, status: "warn", text: `${text}: an older recipe made it`, hint },
    };
  } catch (error) {
    signal.throwIfAborted();
    return { check: { name, status: "warn", text: messageOf(error) } };
  }
}

export function checkBubblewrap(probe: Bubblewrap): Check {
  const name = "bubblewrap";
  if (probe.ok) return { name, status: "ok", text: `${probe.version} starts processes` };
  return { name, status: "warn", text: probe.reason, ...hintOf(probe.hint) };
}

/** Which driver would run, and why not a stronger one. Fails when what is wished for can't be had. */
export async function checkChoice(
  found: {
    readonly engine: Engine | NoEngine;
    readonly image: ImageCheck | undefined;
    readonly bubblewrap: Bubblewrap;
  },
  wishes: SandboxWishes,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly Check[]> {
  const name = "sandbox";
  try {
    const { chosen, passedOver } = await selectSandboxes({
      ...wishes,
      candidates: candidatesOf(found, wishes),
      signal,
    });
    const under = chosen.runtime === undefined ? "" : ` under ${chosen.runtime}`;
    const weak = chosen.isolation === "interpreter";
    return [
      ...passedOver.map(passedOverCheck),
      {
        name,
        status: weak && wishes.wanted === "auto" ? "warn" : "ok",
        text: `"${chosen.name}"${under} is chosen; isolation: ${chosen.isolation}`,
      },
    ];
  } catch (error) {
    if (!(error instanceof OpsthreadError)) throw error;
    return [{ name, status: "fail", text: error.message }];
  }
}

function candidatesOf(
  {
    engine,
    image,
    bubblewrap,
  }: {
    readonly engine: Engine | NoEngine;
    readonly image: ImageCheck | undefined;
    readonly bubblewrap: Bubblewrap;
  },
  { runtime }: SandboxWishes,
): readonly SandboxCandidate[] {
  const docker = (under: string | undefined): SandboxCandidate => ({
    name: "docker",
    isolation: under === undefined ? "container" : isolationOf(under),
    ...(under !== undefined && { runtime: under }),
    probe: () => Promise.resolve(dockerProbe({ engine, image, runtime: under })),
  });
  const own = engine.reachable ? engine.facts.defaultRuntime : undefined;
  const others = engine.reachable
    ? engine.facts.runtimes.filter((name) => isolationOf(name) === "vm" && name !== own)
    : [];
  const wished = runtime !== undefined && ![own, ...others].includes(runtime) ? [runtime] : [];
  return [
    ...[own, ...others, ...wished].map(docker),
    {
      name: "bubblewrap",
      isolation: "namespaces",
      probe: () => Promise.resolve(bubblewrap.ok ? available : bubblewrap),
    },
    { name: "virtual", isolation: "interpreter", probe: () => Promise.resolve(available) },
  ];
}

function dockerProbe({
  engine,
  image,
  runtime,
}: {
  readonly engine: Engine | NoEngine;
  readonly image: ImageCheck | undefined;
  readonly runtime: string | undefined;
}): Awaited<ReturnType<SandboxCandidate["probe"]>> {
  if (!engine.reachable) return { ok: false, reason: engine.reason, hint: engine.hint };
  const shortcoming = engineShortcoming(engine.facts, { runtime });
  if (shortcoming !== undefined) return { ok: false, ...shortcoming };
  if (image?.image === undefined)
    return { ok: false, reason: image?.check.text ?? "its image was not looked for", hint: "" };
  return available;
}

/** Good for choosing, and nothing that a check would open. */
const available = {
  ok: true,
  open: () => Promise.reject(new TypeError("A check opens no sandbox")),
} as const;

function passedOverCheck({ name, runtime, reason, hint }: PassedOver): Check {
  const who = runtime === undefined ? name : `${name} (${runtime})`;
  return { name: "passed over", status: "warn", text: `${who}: ${reason}`, ...hintOf(hint) };
}

function hintOf(hint: string): { readonly hint?: string } {
  return hint === "" ? {} : { hint };
}

import { isOpsthreadError, messageOf, OpsthreadError } from "../core/errors.ts";
import type { SandboxCapabilities, SandboxProvider } from "./sandbox.ts";

export type Isolation = SandboxCapabilities["isolation"];

/** A driver as this machine could run it. */
export interface SandboxCandidate {
  readonly name: string;
  readonly isolation: Isolation;
  /** The OCI runtime that its containers run under, where it has such. */
  readonly runtime?: string;
  /** Finds out whether it works here. A probe that throws counts as one that says no. */
  probe(options: { readonly signal: AbortSignal }): Promise<CandidateProbe>;
}

export type CandidateProbe =
  | { readonly ok: true; open(): Promise<SandboxProvider> }
  | { readonly ok: false; readonly reason: string; readonly hint: string };

/** A candidate that was not taken, and why. */
export interface PassedOver {
  readonly name: string;
  readonly runtime?: string;
  readonly reason: string;
  readonly hint: string;
}

export interface ChooseOptions {
  /** A candidate's name, or `auto`: the first that works. */
  readonly wanted: string;
  /** Less than this is refused. */
  readonly minimumIsolation?: Isolation | undefined;
  /** The OCI runtime that it must run under, such as `runsc`. */
  readonly runtime?: string | undefined;
  /** Strongest first: the order is the order of preference. */
  readonly candidates: readonly SandboxCandidate[];
  readonly signal: AbortSignal;
}

export interface Selection {
  readonly chosen: SandboxCandidate;
  readonly passedOver: readonly PassedOver[];
  open(): Promise<SandboxProvider>;
}

/**
 * Chooses and opens a driver. What was configured is never lowered: a driver, a runtime or an isolation that can't be
 * had is refused.
 * @throws {OpsthreadError} `SANDBOX_UNSUPPORTED`, with the reason of each candidate
 */
export async function chooseSandboxes(options: ChooseOptions): Promise<{
  readonly provider: SandboxProvider;
  readonly chosen: string;
  readonly passedOver: readonly PassedOver[];
}> {
  const selection = await selectSandboxes(options);
  const { chosen, passedOver } = selection;
  return { provider: await selection.open(), chosen: chosen.name, passedOver };
}

/**
 * The choice of {@link chooseSandboxes} without opening anything.
 * @throws {OpsthreadError} `SANDBOX_UNSUPPORTED`
 */
export async function selectSandboxes(options: ChooseOptions): Promise<Selection> {
  const { wanted, candidates, signal } = options;
  const passedOver: PassedOver[] = [];
  const eligible = candidates.filter(({ name }) => wanted === "auto" || name === wanted);
  for (const candidate of eligible) {
    signal.throwIfAborted();
    const { name, runtime } = candidate;
    const who = { name, ...(runtime !== undefined && { runtime }) };
    const refusal = refusalOf(candidate, options);
    if (refusal !== undefined) {
      passedOver.push({ ...who, ...refusal });
      continue;
    }
    const probe = await probed(candidate, signal);
    if (probe.ok) return { chosen: candidate, passedOver, open: () => probe.open() };
    passedOver.push({ ...who, reason: probe.reason, hint: probe.hint });
  }
  throw unsupported(options, passedOver);
}

const strength: Readonly<Record<Isolation, number>> = {
  interpreter: 0,
  namespaces: 1,
  container: 2,
  vm: 3,
};

/** Why the configuration rules a candidate out before it is probed. */
function refusalOf(
  { isolation, runtime }: SandboxCandidate,
  { minimumIsolation, runtime: wantedRuntime }: ChooseOptions,
): Pick<PassedOver, "reason" | "hint"> | undefined {
  if (wantedRuntime !== undefined && runtime !== wantedRuntime)
    return {
      reason: `it runs under ${runtime ?? "no runtime"}, and "${wantedRuntime}" is configured`,
      hint: "",
    };
  if (minimumIsolation !== undefined && strength[isolation] < strength[minimumIsolation])
    return {
      reason: `its isolation is "${isolation}", and at least "${minimumIsolation}" is configured`,
      hint: "",
    };
  return undefined;
}

async function probed(candidate: SandboxCandidate, signal: AbortSignal): Promise<CandidateProbe> {
  try {
    return await candidate.probe({ signal });
  } catch (error) {
    signal.throwIfAborted();
    // A mistake in the configuration is no reason to run with less.
    if (isOpsthreadError(error, "CONFIG_INVALID")) throw error;
    return { ok: false, reason: messageOf(error), hint: "" };
  }
}

function unsupported(
  { wanted, minimumIsolation, runtime }: ChooseOptions,
  passedOver: readonly PassedOver[],
): OpsthreadError {
  const asked = [
    wanted === "auto" ? "a sandbox" : `the sandbox "${wanted}"`,
    ...(minimumIsolation === undefined ? [] : [`with at least "${minimumIsolation}" isolation`]),
    ...(runtime === undefined ? [] : [`under the runtime "${runtime}"`]),
  ];
  const reasons = passedOver.map(
    ({ name, runtime: under, reason, hint }) =>
      `${name}${under === undefined ? "" : ` (${under})`}: ${reason}${hint === "" ? "" : `. ${hint}`}`,
  );
  return new OpsthreadError(
    "SANDBOX_UNSUPPORTED",
    `Cannot open ${asked.join(" ")}: ${reasons.join("; ") || "there is no such driver"}`,
    { data: { wanted, minimumIsolation, runtime, passedOver } },
  );
}

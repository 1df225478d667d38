import { OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { SupervisorConnection } from "../supervisor/connection.ts";
import type { ExecRequest, Running } from "../supervisor/executions.ts";
import { watchAftermath } from "./aftermath.ts";
import type { EngineEvents } from "./events.ts";
import { captureStream } from "./exec-output.ts";
import { endedByItself, type ExecRun, runByExec } from "./exec-run.ts";
import type { ExecPlace } from "./exec-start.ts";
import type { Keeper } from "./keeper.ts";
import { killContainer } from "./kill-container.ts";

export interface ExecConnectionOptions {
  readonly place: ExecPlace;
  readonly keeper: Keeper;
  readonly events: EngineEvents;
  readonly idleMs: number;
  readonly lifetimeMs: number;
  readonly log: Logger;
}

/**
 * What a supervisor's connection does, by the engine's own exec. The engine can't end what one command started: whatever has
 * to be ended, all of the container is.
 */
export function execConnection(options: ExecConnectionOptions): SupervisorConnection {
  const { place, keeper, events, log } = options;
  const aftermath = watchAftermath(keeper);
  const runs = new Map<number, OpenRun>();
  let lastHandle = 0;
  let goneBecause: string | undefined;
  let killing: Promise<void> | undefined;
  let idle: NodeJS.Timeout | undefined;

  const kill = async (graceMs: number): Promise<void> => {
    const exited = (): Promise<unknown> =>
      Promise.all([...runs.values()].map(({ run }) => run.exited));
    await killContainer(place, { events, log, graceMs, exited });
    // Its stream ends by itself, as a rule.
    keeper.close();
  };
  const endAll = (reason: string, { graceMs = 0 } = {}): Promise<void> => {
    goneBecause ??= reason;
    killing ??= kill(graceMs);
    return killing;
  };

  const rest = (): void => {
    clearTimeout(idle);
    if (goneBecause !== undefined || runs.size > 0) return;
    idle = timerOf(options.idleMs, () => void endIfIdle().catch(() => {})); // It is gone already.
  };
  const endIfIdle = async (): Promise<void> => {
    if (await aftermath.isBusy()) rest();
    else if (runs.size === 0) await endAll("it was idle for too long");
  };
  const lifetime = timerOf(options.lifetimeMs, () => void endAll("its lifetime was over"));
  rest();

  const closed = (async (): Promise<string> => {
    await keeper.ended;
    // Also when only the stream to it broke: without it nothing is known any more.
    await endAll(endedByItself);
    clearTimeout(lifetime);
    clearTimeout(idle);
    const reason = goneBecause ?? endedByItself;
    for (const { run } of runs.values()) run.gone(reason);
    return reason;
  })();

  const follow = async (handle: number, run: ExecRun): Promise<void> => {
    await run.running.result;
    runs.delete(handle);
    rest();
  };

  const exec: SupervisorConnection["exec"] = (request) => {
    const { executionId } = request;
    // The same work must not run twice side by side.
    if ([...runs.values()].some((other) => other.request.executionId === executionId))
      return refused("the execution id is in use");
    const handle = (lastHandle += 1);
    for (const other of runs.values()) other.hadCompany = true;
    const run = runByExec(request, {
      place,
      endAll: ({ graceMs, reason }) => void endAll(reason, { graceMs }),
      lookAfter: (code) => aftermath.lookAfter({ ...open, code, mayLeave: request.background }),
      isOpen: () => goneBecause === undefined,
    });
    const open: OpenRun = {
      request,
      run,
      startedAt: performance.now(),
      hadCompany: runs.size > 0,
      memoryKills: aftermath.memoryKills,
    };
    runs.set(handle, open);
    clearTimeout(idle);
    void follow(handle, run);
    // It was asked for when all had been told already.
    if (goneBecause !== undefined) void closed.then((reason) => run.gone(reason));
    return run.running;
  };

  return {
    features: new Set(),
    shell: keeper.bash ?? keeper.sh,
    knowsStarts: false,
    closed,
    get isOpen() {
      return goneBecause === undefined;
    },
    saidBye: false,
    isTakenOver: false,
    exec,
    adopt: async () => undefined,
    list: async () =>
      [...runs].map(
        ([
          handle,
          {
            request: { executionId },
            startedAt,
          },
        ]) => ({
          handle,
          executionId,
          ended: false,
          ageMs: performance.now() - startedAt,
        }),
      ),
    listen: () => Promise.reject(cannotListen()),
    async end() {
      await endAll("it was ended");
      await closed;
    },
    close() {
      goneBecause ??= "it was let go of";
      keeper.close();
    },
  };
}

interface OpenRun {
  readonly request: ExecRequest;
  readonly run: ExecRun;
  readonly startedAt: number;
  hadCompany: boolean;
  /** Known of when it started. */
  readonly memoryKills: number;
}

const refused = (detail: string): Running => {
  const nothing = captureStream(0).captured();
  const none = { code: 0, wallMs: 0, background: 0, ended: 0, stdout: nothing, stderr: nothing };
  return {
    result: Promise.resolve({ kind: "failedExec", detail, ...none }),
    kill: () => {},
    resize: () => {},
    release: () => {},
  };
};

const cannotListen = (): OpsthreadError =>
  new OpsthreadError(
    "SANDBOX_UNSUPPORTED",
    "Cannot listen in the sandbox: the engine runs its commands, expected a supervisor in it",
  );

/** Keeps no process alive. */
function timerOf(ms: number, act: () => void): NodeJS.Timeout {
  const timer = setTimeout(act, Math.min(ms, 2 ** 31 - 1));
  timer.unref();
  return timer;
}

import { abortable, Stopped } from "../../src/core/abort.ts";
import type {
  ExecResult,
  Sandbox,
  SandboxCapabilities,
  SandboxProvider,
  SandboxSpec,
} from "../../src/sandbox/sandbox.ts";

/** What happened to sandboxes, in order. */
export type SandboxEvent =
  | { readonly type: "opened"; readonly spec: SandboxSpec }
  | { readonly type: "closed" | "detached" | "snapshot" }
  | { readonly type: "began" | "killed" | "attached"; readonly executionId: string };

/**
 * Sandboxes in memory that outlive whoever opened them, as real ones with a supervisor do: a command goes on while no
 * process holds its sandbox, until somebody attaches to it or the sandbox is closed. Commands end when the test says so.
 */
export class DurableSandboxes implements SandboxProvider {
  readonly name = "durable";
  readonly capabilities: SandboxCapabilities = {
    isolation: "container",
    realPrograms: true,
    network: true,
    reattach: true,
    measuresUse: false,
    limitations: [],
  };
  readonly events: SandboxEvent[] = [];
  /** Commands that run or have ended unasked, by execution id. */
  readonly #commands = new Map<
    string,
    { end(result: ExecResult): void; ended: Promise<ExecResult> }
  >();
  snapshotFailure: Error | undefined;
  /** Whether the environments of sandboxes run. */
  isAlive = true;

  readonly snapshots = {
    take: async () => {
      if (this.snapshotFailure) throw this.snapshotFailure;
      this.events.push({ type: "snapshot" });
      return { id: "1", takenAt: 0, bytes: 1, form: "tar.gz" as const };
    },
    list: async () => [],
    restore: unused,
    fork: unused,
  };

  get specs(): readonly SandboxSpec[] {
    return this.events.flatMap((event) => (event.type === "opened" ? [event.spec] : []));
  }

  types(): readonly string[] {
    return this.events.map(({ type }) => type);
  }

  /** Ends what runs, with this exit code. */
  finish(code: number, text = ""): void {
    for (const command of this.#commands.values())
      command.end({
        outcome: { type: "exit", code },
        stdout: { text, bytes: text.length },
        stderr: { text: "", bytes: 0 },
        measures: {},
      });
  }

  /** Everything that runs is gone, as after the grace time. */
  forget(): void {
    this.#commands.clear();
  }

  open(spec: SandboxSpec): Promise<Sandbox> {
    this.events.push({ type: "opened", spec });
    return Promise.resolve(this.#sandbox(spec));
  }

  remove = unused;

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #sandbox({ sessionId }: SandboxSpec): Sandbox {
    const wait = async (executionId: string, signal: AbortSignal): Promise<ExecResult> => {
      const command = this.#commands.get(executionId);
      if (!command) throw new Error("It is gone");
      try {
        const result = await abortable(command.ended, signal);
        this.#commands.delete(executionId);
        return result;
      } catch (error) {
        const { reason } = signal;
        if (reason instanceof Stopped && ["shutdown", "lease-lost"].includes(reason.by))
          throw error;
        this.#commands.delete(executionId);
        this.events.push({ type: "killed", executionId });
        return { ...nothing, outcome: { type: "stopped" } };
      }
    };
    const leave = (type: "closed" | "detached") => async (): Promise<void> => {
      this.events.push({ type });
      if (type === "closed") this.forget();
    };
    const isAlive = (): boolean => this.isAlive;
    return {
      sessionId,
      get isAlive() {
        return isAlive();
      },
      exec: (_command, { executionId, signal }) => {
        this.events.push({ type: "began", executionId });
        let end = (_result: ExecResult): void => {};
        const ended = new Promise<ExecResult>((resolve) => {
          end = resolve;
        });
        this.#commands.set(executionId, { end, ended });
        return wait(executionId, signal);
      },
      attach: async (executionId, { signal }) => {
        if (!this.#commands.has(executionId)) return undefined;
        this.events.push({ type: "attached", executionId });
        return wait(executionId, signal);
      },
      executions: unused,
      task: unused,
      usage: unused,
      files: {
        read: unused,
        export: unused,
        write: unused,
        list: unused,
        stat: unused,
        exportTar: unused,
        importTar: unused,
      },
      detach: leave("detached"),
      close: leave("closed"),
      [Symbol.asyncDispose]: leave("closed"),
    };
  }
}

function unused(): Promise<never> {
  return Promise.reject(new Error("Not expected here"));
}

const nothing: Omit<ExecResult, "outcome"> = {
  stdout: { text: "", bytes: 0 },
  stderr: { text: "", bytes: 0 },
  measures: {},
};

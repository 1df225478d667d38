import assert from "node:assert/strict";

import type { Sandbox } from "../sandbox/sandbox.ts";
import { exec, openSandbox, output, refuses } from "./sandbox-suite-helpers.ts";
import type { SandboxCases, SandboxesUnderTest } from "./sandbox-suite.ts";

/** Commands that are talked to while they run. */
export const serviceCases: SandboxCases = {
  "a stream for stdin is refused where there are no real programs": async (subject) => {
    if (subject.provider.capabilities.realPrograms) return;
    await using sandbox = await openSandbox(subject);

    await refuses("SANDBOX_UNSUPPORTED", () => exec(sandbox, "cat", { stdin: lines().stream }));
    await refuses("SANDBOX_UNSUPPORTED", () => exec(sandbox, "cat", { isService: true }));
  },

  "exec() gives a command its stdin as it comes": real(async (sandbox) => {
    const input = lines();
    const said: string[] = [];
    const running = exec(sandbox, 'while read -r line; do echo "got $line"; done; echo end', {
      stdin: input.stream,
      onOutput(_, bytes) {
        said.push(Buffer.from(bytes).toString());
        // What is asked next depends on what was answered.
        if (said.join("") === "got one\n") input.push("two\n");
        if (said.join("") === "got one\ngot two\n") input.end();
      },
    });
    input.push("one\n");

    assert.deepEqual((await running).outcome, { type: "exit", code: 0 });
    assert.equal(said.join(""), "got one\ngot two\nend\n");
  }),

  "exec() passes on all of a long stream": real(async (sandbox) => {
    const source = endless();
    const bounded = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of source.stream) {
        yield piece;
        if (source.state.given === 128) return;
      }
    };

    assert.equal(
      (await output(sandbox, "wc -c", { stdin: bounded() })).trim(),
      String(128 * pieceBytes),
    );
  }),

  "exec() asks a stream for no more than the command reads": real(async (sandbox) => {
    const source = endless();
    const stop = new AbortController();
    const running = exec(sandbox, "echo ready; sleep 60", {
      stdin: source.stream,
      signal: stop.signal,
      onOutput: async () => {
        for (let turn = 0; turn < 200; turn += 1) await turnOfTheLoop();
        stop.abort();
      },
    });

    assert.deepEqual((await running).outcome, { type: "stopped" });
    assert(source.state.given * pieceBytes <= 2 ** 20, `${source.state.given} pieces`);
    await source.letGo;
  }),

  "exec() lets go of a stream whose command has ended": real(async (sandbox) => {
    const source = endless();
    const result = await exec(sandbox, "head -c 3", { stdin: source.stream });

    assert.deepEqual(result.outcome, { type: "exit", code: 0 });
    assert.equal(result.stdout.text, "xxx");
    await source.letGo;
  }),

  "exec() ends a command whose stream fails": real(async (sandbox) => {
    const running = exec(sandbox, "cat > whole; echo kept > done", { stdin: failing() });

    await assert.rejects(running, /The other half is gone/);
    assert.equal(await output(sandbox, "ls done 2>/dev/null || echo none"), "none\n");
  }),

  "a service runs for longer than a command may, and nothing of it is kept": async (subject) => {
    if (!subject.provider.capabilities.realPrograms) return;
    const limits = { commandMs: 1_000, shownBytes: 10 };
    await using sandbox = await openSandbox(subject, { limits });
    const input = lines();
    let said = 0;
    const running = exec(sandbox, "sleep 1.2; seq 1 1000; cat", {
      isService: true,
      stdin: input.stream,
      onOutput(_, bytes) {
        said += bytes.length;
        if (said === 3_893) input.end();
      },
    });
    const { outcome, stdout, stderr } = await running;

    assert.deepEqual(outcome, { type: "exit", code: 0 });
    assert.equal(stdout.bytes, 3_893);
    assert.equal(stdout.file, undefined);
    assert.equal(`${stdout.text}${stderr.text}`, "");
    assert.equal(
      await output(sandbox, "ls -A .opsthread/output 2>/dev/null || true", { shownBytes: 1_000 }),
      "",
    );
  },

  "a service takes the place of the one that an earlier process left": async (subject) => {
    if (!subject.provider.capabilities.realPrograms) return;
    const first = await openSandbox(subject);
    const left = await service(first);
    await first.detach();
    await left.ended;
    await using second = await openSandbox(subject);
    const next = await service(second);

    assert.equal((await second.executions()).length, 1);
    next.input.end();
    assert.deepEqual(await next.ended, { type: "exit", code: 0 });
  },

  "close() ends a service": real(async (sandbox) => {
    const { ended } = await service(sandbox);
    await sandbox.close();

    assert.deepEqual(await ended, { type: "stopped" });
  }),
};

/** A service that runs, always under the same id, and how it ends, if anybody is told. */
async function service(sandbox: Sandbox) {
  const input = lines();
  let started = (): void => {};
  const ready = new Promise<void>((resolve) => {
    started = resolve;
  });
  const running = exec(sandbox, "echo ready; cat", {
    executionId: "x_service",
    isService: true,
    stdin: input.stream,
    onOutput: () => started(),
  });
  await Promise.race([ready, running]);
  const ended = running.then(
    ({ outcome }) => outcome,
    () => undefined,
  );
  return { input, ended };
}

/** A case for drivers that run real programs. */
function real(
  run: (sandbox: Sandbox) => Promise<void>,
): (subject: SandboxesUnderTest) => Promise<void> {
  return async (subject) => {
    if (!subject.provider.capabilities.realPrograms) return;
    await using sandbox = await openSandbox(subject);
    await run(sandbox);
  };
}

/** A stream that is written to from outside. */
function lines() {
  const channel = new TransformStream<Uint8Array, Uint8Array>();
  const writer = channel.writable.getWriter();
  return {
    stream: channel.readable,
    push: (text: string): void => void writer.write(Buffer.from(text)).catch(() => {}),
    end: (): void => void writer.close().catch(() => {}),
  };
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("half of it");
  throw new Error("The other half is gone");
}

const pieceBytes = 64 * 1024;

/** A stream without an end, which is never the one to wait for. */
function endless() {
  let letGo = (): void => {};
  const isGone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const state = { given: 0 };
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        await turnOfTheLoop();
        state.given += 1;
        yield Buffer.alloc(pieceBytes, "x");
      }
    } finally {
      letGo();
    }
  };
  return { state, letGo: isGone, stream: pieces() };
}

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

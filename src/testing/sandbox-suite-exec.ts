import assert from "node:assert/strict";

import {
  exec,
  numbersTo,
  openSandbox,
  output,
  read,
  refuses,
  signal,
  write,
} from "./sandbox-suite-helpers.ts";
import type { SandboxCases } from "./sandbox-suite.ts";

export const execCases: SandboxCases = {
  "exec() tells what a command printed and its exit code": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const result = await exec(sandbox, "echo out; echo error >&2; exit 3");

    assert.deepEqual(result.outcome, { type: "exit", code: 3 });
    assert.deepEqual(result.stdout, { text: "out\n", bytes: 4 });
    assert.deepEqual(result.stderr, { text: "error\n", bytes: 6 });
    assert.equal(result.measures.exitCode, 3);
    assert.equal(result.measures.outputBytes, 10);
    assert(Number(result.measures.wallMs) > 0);
  },

  "exec() measures what it says that it measures": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const { measures } = await exec(sandbox, "seq 1 1000 | sort | tail -1");
    const { measuresUse } = subject.provider.capabilities;

    assert.equal(measures.cpuMs !== undefined, measuresUse);
    assert.equal(measures.peakMemoryBytes !== undefined, measuresUse);
  },

  "exec() takes failures for results": async (subject) => {
    await using sandbox = await openSandbox(subject);

    assert.deepEqual((await exec(sandbox, "no-such-command")).outcome, { type: "exit", code: 127 });
    assert.notDeepEqual((await exec(sandbox, "if (")).outcome, { type: "exit", code: 0 });
    assert.notDeepEqual((await exec(sandbox, "pwd", { cwd: "/workspace/none" })).outcome, {
      type: "exit",
      code: 0,
    });
    assert.deepEqual((await exec(sandbox, "")).outcome, { type: "exit", code: 0 });
  },

  "exec() runs in /workspace, or where it is asked to": async (subject) => {
    await using sandbox = await openSandbox(subject);

    assert.equal(await output(sandbox, "pwd"), "/workspace\n");
    await write(sandbox, "a/b", "");
    assert.equal(await output(sandbox, "pwd; ls", { cwd: "a" }), "/workspace/a\nb\n");
    assert.equal(await output(sandbox, "pwd", { cwd: "/workspace/a" }), "/workspace/a\n");
  },

  "exec() runs a program by itself as it does among others": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "plain-file", "");
    await write(sandbox, "script", "echo script $#");
    await exec(sandbox, "chmod +x script");
    const commands = [
      "cat plain-file",
      "ls plain-file nowhere",
      "no-such-command",
      "./plain-file",
      "./script",
      "env",
    ];

    for (const command of commands) {
      const alone = await exec(sandbox, command);
      const among = await exec(sandbox, `: && ${command}`);
      const lines = ({ text }: { readonly text: string }) =>
        text
          .split("\n")
          .filter((line) => !/^(?:\?|_|SHLVL|OLDPWD)=/.test(line))
          .toSorted();
      const told = ({ outcome, stdout, stderr }: typeof alone) => ({
        outcome,
        stdout: lines(stdout),
        stderr: lines(stderr),
      });
      assert.deepEqual(told(alone), told(among), command);
    }
  },

  "exec() passes stdin and has none without": async (subject) => {
    await using sandbox = await openSandbox(subject);

    assert.equal(await output(sandbox, "cat", { stdin: "grüße\nnext" }), "grüße\nnext");
    assert.equal(await output(sandbox, "cat"), "");
  },

  "exec() keeps several lines as they are": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const command = "cat <<'END'\n  indented\n\ttab $HOME\nEND\necho '  quoted\n  lines'";

    assert.equal(await output(sandbox, command), "  indented\n\ttab $HOME\n  quoted\n  lines\n");
  },

  "exec() gives a command nothing of the host's environment": async (subject) => {
    // A worker thread or a child of this process would see it.
    process.env["OPSTHREAD_SUITE_SECRET"] = "host-secret";
    try {
      await using sandbox = await openSandbox(subject, {
        permissions: { env: { GRANTED: "yes" } },
      });
      const env = await output(sandbox, "env; echo $OPSTHREAD_SUITE_SECRET", {
        env: { ASKED: "too" },
      });

      assert(!env.includes("host-secret"), env);
      for (const line of ["GRANTED=yes", "ASKED=too", "LC_CTYPE=C.UTF-8"])
        assert(env.includes(line), env);
      assert.match(env, /^HOME=\/workspace$/m);
      assert.match(env, /^PATH=\S+$/m);
      assert.equal(await output(sandbox, "echo $ASKED"), "\n");
    } finally {
      delete process.env["OPSTHREAD_SUITE_SECRET"];
    }
  },

  "exec() forgets variables and folder, and keeps files": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await output(sandbox, "mkdir d; cd d; NAME=x; echo kept > file");

    assert.equal(await output(sandbox, "pwd; echo [$NAME]; cat d/file"), "/workspace\n[]\nkept\n");
  },

  "exec() runs commands that are asked for at once": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const outputs = await Promise.all(
      [1, 2, 3, 4].map((number) => output(sandbox, `echo ${number} > f${number}; cat f${number}`)),
    );

    assert.deepEqual(outputs, ["1\n", "2\n", "3\n", "4\n"]);
  },

  "exec() shows head and tail of a long output and keeps all of it": async (subject) => {
    await using sandbox = await openSandbox(subject, { limits: { shownBytes: 2_000 } });
    const { stdout, stderr, measures } = await exec(sandbox, "seq 1 20000; seq 1 5000 >&2", {
      executionId: "x_1",
    });

    assert.equal(stdout.bytes, numbersTo(20_000).length);
    assert(Buffer.byteLength(stdout.text) <= 2_000);
    assert.match(stdout.text, /^1\n2\n3\n[\s\S]*bytes left out[\s\S]*\n19999\n20000\n$/);
    assert(stdout.file !== undefined && stderr.file !== undefined);
    assert.equal(await read(sandbox, stdout.file), numbersTo(20_000));
    assert.equal(await read(sandbox, stderr.file), numbersTo(5_000));
    assert.equal(measures.outputBytes, stdout.bytes + stderr.bytes);
    assert.equal(
      measures.shownBytes,
      Buffer.byteLength(stdout.text) + Buffer.byteLength(stderr.text),
    );
  },

  "exec() shows as much as is asked for": async (subject) => {
    await using sandbox = await openSandbox(subject, { limits: { shownBytes: 100 } });
    const { stdout } = await exec(sandbox, "seq 1 1000", { shownBytes: 10_000 });

    assert.deepEqual(stdout, { text: numbersTo(1_000), bytes: 3_893 });
  },

  "attach() finds nothing that it was not told of": async (subject) => {
    await using sandbox = await openSandbox(subject);

    assert.equal(await sandbox.attach("x_unknown", { signal }), undefined);
  },

  "the workspace outlives its sandbox": async (subject) => {
    const first = await openSandbox(subject);
    await output(first, "echo kept > file");
    await first.close();
    await using second = await openSandbox(subject);

    assert.equal(await output(second, "cat file"), "kept\n");
  },

  "remove() removes the workspace, also of an open sandbox": async (subject) => {
    const first = await openSandbox(subject);
    await write(first, "file", "text");
    await subject.provider.remove("s_suite");
    await subject.provider.remove("s_suite");
    await using second = await openSandbox(subject);

    assert.equal(await read(second, "file"), undefined);
  },

  "close() can be called again and ends what runs": async (subject) => {
    const sandbox = await openSandbox(subject);
    await output(sandbox, "true");
    const running = exec(sandbox, "while true; do :; done");
    await sandbox.close();
    await sandbox.close();

    assert.deepEqual((await running).outcome, { type: "stopped" });
  },

  "a closed sandbox refuses everything": async (subject) => {
    const sandbox = await openSandbox(subject);
    await sandbox.close();
    const { files } = sandbox;

    await refuses("SANDBOX_CLOSED", () => exec(sandbox, "true"));
    await refuses("SANDBOX_CLOSED", () =>
      sandbox.task(
        { name: "read", module: "file:///none", input: {} },
        { signal, executionId: "x" },
      ),
    );
    await refuses("SANDBOX_CLOSED", () => sandbox.attach("x", { signal }));
    await refuses("SANDBOX_CLOSED", () => files.read("a", { offset: 0, length: 1 }));
    await refuses("SANDBOX_CLOSED", () => files.export("a", { signal }));
    await refuses("SANDBOX_CLOSED", () => write(sandbox, "a", ""));
    await refuses("SANDBOX_CLOSED", () => files.list(".", { limit: 1 }));
  },
};

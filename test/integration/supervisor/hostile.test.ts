import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync, chmodSync, rmSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, expect, test } from "vitest";

import { compile } from "./compile.ts";
import { execFlags, features } from "./frames.ts";
import { binary, supervise, temporaryFolder } from "./supervise.ts";

let hostile = "";
beforeAll(() => {
  hostile = compile("hostile");
});

test.each([0, 8])(
  "nothing can be done to supervisor, shepherd and pid 1 (%i may stay)",
  async (background) => {
    await using sandbox = await supervise();
    const run = await sandbox.client.run({
      argv: ["sh", "-c", `exec ${hostile} 1 ${sandbox.pid} $PPID`],
      background,
    });
    expect(run).toMatchObject({ kind: "exit", code: 0, err: "", out: "done\n" });
    expect(await sandbox.client.ping()).toBe("are you there");
  },
);

test("a command signals its own processes, groups and itself", async () => {
  await using sandbox = await supervise();
  const run = await sandbox.client.sh(
    "sleep 1000 & kill $!; wait $!; echo $?; (sleep 1000 & exec sleep 1000) & kill 0; echo not reached",
  );
  expect(run).toMatchObject({ kind: "signal", code: 15, out: "143\n" });
});

test("with no processes that may stay, a command cannot touch another execution", async () => {
  await using sandbox = await supervise();
  if (!(sandbox.client.features & features.landlockSignals)) return;
  const other = sandbox.client.start({ argv: ["sleep", "1000"] });
  const run = await sandbox.client.sh(`kill -9 ${await other.started}; echo $?`);
  expect(run.out).toBe("1\n");
  sandbox.client.kill(other.handle);
  expect(await other.result).toMatchObject({ kind: "stopped" });
});

test("files may be moved between folders as ever", async () => {
  await using sandbox = await supervise();
  const folder = temporaryFolder();
  const run = await sandbox.client.sh(
    "mkdir a b && touch a/x a/y && mv a/x b/x && ln a/y b/y && mv b c && ls c",
    { cwd: folder },
  );
  expect(run).toMatchObject({ kind: "exit", code: 0, out: "x\ny\n", err: "" });
});

/** The rules are about /workspace and /sources, so there have to be such, in a mount namespace of its own. */
const canMount = process.getuid?.() === 0 && existsSync("/usr/bin/bwrap");
test.skipIf(!canMount)(
  "of /workspace and /sources only what is listed can be reached",
  async () => {
    const folder = temporaryFolder();
    for (const name of ["in", "out", "secret"]) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "file"), name);
      chmodSync(join(folder, name), 0o777);
      chmodSync(join(folder, name, "file"), 0o666);
    }
    await using sandbox = await supervise({ command: bwrap(folder) });
    if (!(sandbox.client.features & features.landlockFiles)) return;
    const script = `
    cat /workspace/in/file; cat /workspace/secret/file; ls /workspace/secret; echo x > /workspace/in/file; echo x >> /workspace/secret/file
    truncate -s 0 /workspace/secret/file; rm -f /workspace/secret/file; mv /workspace/secret /workspace/out/; ln /workspace/secret/file /workspace/out/file2
    ln -s /workspace/secret /workspace/out/link; cat /workspace/out/link/file
    echo new > /workspace/out/new; mkdir /workspace/out/d && mv /workspace/out/new /workspace/out/d/; echo tmp > /tmp/t && cat /tmp/t`;
    const rules = {
      flags: execFlags.restrictFiles,
      readable: ["/workspace/in", "/workspace/gone"],
      writable: ["/workspace/out"],
    };
    const run = await sandbox.client.sh(script, rules);
    expect(run.out).toBe("intmp\n");
    const refused = run.err.split("\n").filter((line) => /denied|cross-device/i.test(line));
    expect(refused).toHaveLength(9);
    expect(readFileSync(join(folder, "secret/file"), "utf8")).toBe("secret");
    expect(readFileSync(join(folder, "in/file"), "utf8")).toBe("in");
    expect(readFileSync(join(folder, "out/d/new"), "utf8")).toBe("new\n");
    const linked = await sandbox.client.sh("cat /workspace/out/link/file", {
      ...rules,
      readable: ["/workspace/out/link"],
    });
    expect(linked).toMatchObject({ kind: "failed-exec", detail: "/workspace/out/link" });
    rmSync(folder, { recursive: true });
  },
);

test.skipIf(!canMount)(
  "it works under bubblewrap, and nothing can be done to its pid 1",
  async () => {
    await using sandbox = await supervise({ command: bwrap(temporaryFolder(), hostile) });
    const run = await sandbox.client.sh(
      "exec /probe 1 $PPID $(($(cut -d' ' -f4 /proc/$PPID/stat)))",
    );
    expect(run).toMatchObject({ kind: "exit", out: "done\n" });
    expect(await sandbox.client.sh("setsid sleep 1000 & exit 0")).toMatchObject({ ended: 1 });
  },
);

function bwrap(workspace: string, probe = "/bin/true"): string[] {
  const real = execFileSync("realpath", [binary]).toString().trim();
  return [
    "bwrap",
    "--unshare-pid",
    "--unshare-net",
    "--unshare-ipc",
    "--die-with-parent",
    "--ro-bind",
    "/usr",
    "/usr",
    "--symlink",
    "usr/bin",
    "/bin",
    "--symlink",
    "usr/lib",
    "/lib",
    "--symlink",
    "usr/lib64",
    "/lib64",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--perms",
    "1777",
    "--tmpfs",
    "/tmp",
    "--bind",
    workspace,
    "/workspace",
    "--dir",
    "/sources",
    "--ro-bind",
    probe,
    "/probe",
    "--cap-add",
    "CAP_SETUID",
    "--cap-add",
    "CAP_SETGID",
    "--cap-add",
    "CAP_SETPCAP",
    "--ro-bind",
    real,
    "/supervisor",
    "/supervisor",
    "--uid",
    "65534",
    "--gid",
    "65534",
  ];
}

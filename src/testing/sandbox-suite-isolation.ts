import assert from "node:assert/strict";
import { link, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";

import {
  dataOf,
  exec,
  hostFolder,
  openSandbox,
  output,
  read,
  refuses,
  runTask,
  signal,
  write,
} from "./sandbox-suite-helpers.ts";
import type { SandboxCases, SandboxesUnderTest } from "./sandbox-suite.ts";

const secret = "the-secret-of-the-host";

/** A host folder that no sandbox is told of. */
async function hostSecret(subject: SandboxesUnderTest): Promise<string> {
  return hostFolder(subject, "private", { "secret.txt": secret });
}

export const isolationCases: SandboxCases = {
  "sources can be read and not changed": async (subject) => {
    const hostPath = await hostFolder(subject, "app", { "a.log": "one\n", "deep/b.log": "two\n" });
    await using sandbox = await openSandbox(subject, { sources: [{ name: "app", hostPath }] });

    assert.equal(
      await output(sandbox, "cat /sources/app/a.log /sources/app/deep/b.log"),
      "one\ntwo\n",
    );
    const attempts = [
      "echo x > /sources/app/a.log",
      "echo x >> /sources/app/a.log",
      "echo x > /sources/app/new",
      "mkdir /sources/app/new",
      "rm /sources/app/a.log",
      "mv /sources/app/a.log /sources/app/c.log",
      "mv /sources/app/a.log /workspace/moved",
      "touch /sources/app/new",
      "cp /sources/app/a.log /sources/app/new",
      "ln -s a.log /sources/app/new",
      "chmod 777 /sources/app/a.log",
      "sed -i s/one/x/ /sources/app/a.log",
      "ln /sources/app/a.log hard && echo x > hard",
    ];
    for (const attempt of attempts) {
      const { outcome } = await exec(sandbox, attempt);
      assert.notDeepEqual(outcome, { type: "exit", code: 0 }, attempt);
    }
    await exec(sandbox, "rm -rf /sources/app/deep"); // Not every rm -f tells.
    await refuses("SANDBOX_PATH_REFUSED", () => write(sandbox, "/sources/app/a.log", "x"));
    assert.deepEqual((await readdir(hostPath)).toSorted(), ["a.log", "deep"]);
    assert.equal(await readFile(join(hostPath, "a.log"), "utf8"), "one\n");
    assert.deepEqual(await readdir(join(hostPath, "deep")), ["b.log"]);
  },

  "a source shows only what its globs include": async (subject) => {
    const hostPath = await hostFolder(subject, "app", {
      "a.log": "shown\n",
      "a.env": secret,
      ".env": secret,
      "logs/b.log": "shown too\n",
      "keys/id": secret,
    });
    await symlink("a.env", join(hostPath, "link.log"));
    const include = ["*.log", "logs/**/*.log"];
    await using sandbox = await openSandbox(subject, {
      sources: [{ name: "app", hostPath, include }],
    });

    const shown = await output(
      sandbox,
      "find /sources/app -type f | sort; cat /sources/app/logs/b.log",
    );
    assert.equal(shown, "/sources/app/a.log\n/sources/app/logs/b.log\nshown too\n");
    for (const path of ["a.env", ".env", "keys/id", "link.log", "logs/../a.env"]) {
      const { stdout } = await exec(
        sandbox,
        `cat /sources/app/${path}; cp /sources/app/${path} taken; cat taken`,
      );
      assert(!stdout.text.includes(secret), path);
      assert.equal(await read(sandbox, `/sources/app/${path}`), undefined, path);
    }
    const names = (await sandbox.files.list("/sources/app", { limit: 10 }))?.map(
      ({ name }) => name,
    );
    assert.deepEqual(
      names?.filter((name) => name !== "link.log"),
      ["a.log", "logs"],
    );
    const data = dataOf(await runTask(sandbox, "read", { glob: "/sources/**" }));
    assert.deepEqual(data, {
      bytes: 0,
      lines: 0,
      size: null,
      paths: ["/sources/app/a.log", "/sources/app/logs/b.log"],
    });
  },

  "no path leads out of the sandbox": async (subject) => {
    const folder = await hostSecret(subject);
    const path = join(folder, "secret.txt");
    await using sandbox = await openSandbox(subject);
    const commands = [
      `cat ${path}`,
      `cat /workspace/../../../../..${path}`,
      `ln -s ${path} l1; cat l1`,
      `ln -s ${folder} l2; cat l2/secret.txt`,
      `ln -s ../../../../../../../../../..${path} l3; cat l3`,
      `ln ${path} l4; cat l4`,
      `cp ${path} l5; cat l5`,
      `cd ${folder}; cat secret.txt`,
      `ls ${folder}; . ${path}`,
    ];
    for (const command of commands) {
      const { stdout, stderr } = await exec(sandbox, command);
      assert(!`${stdout.text}${stderr.text}`.includes(secret), command);
    }
    for (const name of ["l1", "l2/secret.txt", "l3", "l4", "l5"])
      await sandbox.files.read(name, { offset: 0, length: 100 }).then(
        (file) => assert(!file || !Buffer.from(file.bytes).includes(secret), name),
        (error: unknown) => assert.match(String(error), /outside/),
      );
    for (const out of [path, `../../..${path}`, "/etc/hostname", "/sources/none/x", "a\0b", ".."]) {
      await refuses("SANDBOX_PATH_REFUSED", () =>
        sandbox.files.read(out, { offset: 0, length: 1 }),
      );
      await refuses("SANDBOX_PATH_REFUSED", () => sandbox.files.export(out, { signal }));
      await refuses("SANDBOX_PATH_REFUSED", () => write(sandbox, out, "x"));
      const run = await runTask(sandbox, "read", { open: out });
      assert.match(String(run.error), /SANDBOX_PATH_REFUSED/, out);
    }
    assert.equal(await readFile(path, "utf8"), secret);
  },

  "a link that the host left in the workspace does not lead out": async (subject) => {
    const folder = await hostSecret(subject);
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "inside/file", "inside\n");
    const workspace = subject.workspace?.("s_suite");
    assert(workspace !== undefined, "This driver has no workspace on the host: skip this test");
    await symlink(join(folder, "secret.txt"), join(workspace, "file-link"));
    await symlink(folder, join(workspace, "folder-link"));
    await symlink("nowhere", join(workspace, "dangling"));
    await symlink("inside", join(workspace, "inside-link"));
    await write(sandbox, "inside/twin", "inside\n");
    await link(join(folder, "secret.txt"), join(workspace, "hard")).catch(() =>
      // The workspace is a file system of its own. A file with two names there must not be written either.
      link(join(workspace, "inside/twin"), join(workspace, "hard")),
    );

    for (const path of ["file-link", "folder-link/secret.txt"]) {
      const { stdout } = await exec(
        sandbox,
        `cat ${path}; cp ${path} taken; cat taken; ls folder-link/`,
      );
      assert(!stdout.text.includes("secret"), path);
      await exec(sandbox, `echo overwritten > ${path}; echo more >> ${path}; rm -rf folder-link/`);
      await refuses("SANDBOX_PATH_REFUSED", () =>
        sandbox.files.read(path, { offset: 0, length: 9 }),
      );
      await refuses("SANDBOX_PATH_REFUSED", () => sandbox.files.export(path, { signal }));
    }
    await exec(sandbox, "echo overwritten > hard; chmod 777 hard");
    for (const path of ["folder-link/new", "dangling", "dangling/new", "hard"])
      await refuses("SANDBOX_PATH_REFUSED", () => write(sandbox, path, "x"));
    await exec(
      sandbox,
      "echo x > folder-link/new; mkdir folder-link/d; cp inside/file folder-link/c",
    );
    assert.deepEqual(await readdir(folder), ["secret.txt"]);
    assert.equal(await readFile(join(folder, "secret.txt"), "utf8"), secret);
    assert.equal(await read(sandbox, "inside-link/file"), "inside\n");
  },

  "two sandboxes see nothing of each other": async (subject) => {
    await using one = await openSandbox(subject, { sessionId: "s_one" });
    await using other = await openSandbox(subject, { sessionId: "s_other" });
    await output(one, "echo mine > file; echo mine > /tmp/file");
    await output(other, "echo theirs > file");

    assert.equal(await output(one, "cat file"), "mine\n");
    assert.equal((await exec(other, "cat /tmp/file")).stdout.text, "");
    assert.equal((await exec(other, "find / -name s_one")).stdout.text, "");
    await refuses("SANDBOX_PATH_REFUSED", () =>
      other.files.read("../s_one/file", { offset: 0, length: 1 }),
    );
  },

  "only what is granted can be read and written": async (subject) => {
    const hostPath = await hostFolder(subject, "app", { "a.log": secret });
    await using sandbox = await openSandbox(subject, {
      sources: [{ name: "app", hostPath }],
      permissions: { read: ["/workspace"], write: ["/workspace/out"] },
    });
    await write(sandbox, "in.txt", "given\n");

    assert.equal(await output(sandbox, "cat in.txt"), "given\n");
    assert(!(await exec(sandbox, "cat /sources/app/a.log")).stdout.text.includes(secret));
    assert.match(
      String((await runTask(sandbox, "read", { open: "/sources/app/a.log" })).error),
      /REFUSED/,
    );
    await output(sandbox, "mkdir -p out; echo x > out/file");
    for (const command of ["echo x > in.txt", "echo x > new", "rm in.txt", "mv in.txt out/"])
      assert.notDeepEqual(
        (await exec(sandbox, command)).outcome,
        { type: "exit", code: 0 },
        command,
      );
    assert.equal(await read(sandbox, "in.txt"), "given\n");
    assert.equal(await read(sandbox, "new"), undefined);
  },

  "a grant that can't be kept is refused": async (subject) => {
    if (!subject.provider.capabilities.network)
      await refuses("SANDBOX_UNSUPPORTED", () =>
        openSandbox(subject, { permissions: { net: ["example.com:443"] } }),
      );
    await refuses("SANDBOX_UNSUPPORTED", () =>
      openSandbox(subject, { permissions: { write: ["/sources/app"] } }),
    );
  },

  "names that are paths are refused": async (subject) => {
    const hostPath = await hostFolder(subject, "app", { a: "" });
    for (const sessionId of ["..", "../x", "a/b", "", ".", "/etc", "a\0"])
      await assert.rejects(openSandbox(subject, { sessionId }), TypeError, sessionId);
    for (const name of ["..", "../x", "a/b", "", "/etc"])
      await assert.rejects(
        openSandbox(subject, { sources: [{ name, hostPath }] }),
        TypeError,
        name,
      );
    await assert.rejects(subject.provider.remove("../private"), TypeError);
  },

  "a source that is not there is refused": async (subject) => {
    const sources = [{ name: "app", hostPath: join(subject.folder, "none") }];
    await refuses("SOURCE_UNREADABLE", () => openSandbox(subject, { sources }));
  },
};

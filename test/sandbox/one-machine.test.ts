import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { requireOneMachine } from "../../src/sandbox/one-machine.ts";
import { type Owner, signIn } from "../../src/sandbox/process-owner.ts";

let folder: string;
let own: Owner;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "opsthread-owners-"));
  own = await signIn(folder);
});
afterEach(async () => {
  await own[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A process as another machine, or an older version, signs it in on a shared volume. */
async function signedIn(change: object): Promise<string> {
  const file = join(folder, "11111111-2222-3333-4444-555555555555.json");
  const [mine = ""] = await readdir(folder);
  const record: unknown = JSON.parse(await readFile(join(folder, mine), "utf8"));
  await writeFile(file, JSON.stringify(Object.assign({}, record, change)));
  return file;
}

const elsewhere = { machine: "another kernel", pidNamespace: "pid:[1]" };

test("where another machine uses the folder, images are refused, and it is told what to do", async () => {
  await signedIn(elsewhere);

  await expect(requireOneMachine({ folder, process: own })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining('quota "watched" in sandbox.docker and sandbox.bubblewrap'),
  });
});

test.each([
  ["of the same machine", {}],
  ["of the same machine in another container", { pidNamespace: "pid:[1]" }],
])("a process %s does no harm", async (_, change) => {
  await signedIn(change);

  await expect(requireOneMachine({ folder, process: own })).resolves.toBeUndefined();
});

test("neither does one of another machine that is long dead", async () => {
  const file = await signedIn(elsewhere);
  const then = new Date(Date.now() - 60_000);
  await utimes(file, then, then);

  await expect(requireOneMachine({ folder, process: own })).resolves.toBeUndefined();
});

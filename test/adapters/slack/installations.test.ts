import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { fileInstallations, type Installation } from "../../../src/adapters/slack/index.ts";
import { installedWorkspaces } from "../../../src/adapters/slack/installations/installed-workspaces.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";

const { signal } = new AbortController();

const [oldKey, newKey] = ["o".repeat(32), "n".repeat(32)] as const;
const installation: Installation = {
  teamId: "T0TWIN001",
  teamName: "Twin",
  botToken: "xoxb-very-secret",
  botId: "B1",
  botUserId: "U1",
  scopes: ["chat:write"],
  installedBy: "U2",
  installedAt: 1,
};

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "opsthread-installations-")), "slack");
});
afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

const open = (...keys: string[]) => fileInstallations({ folder, keys });
const file = (): string => join(folder, "T0TWIN001.json");

test("an installation is found by whoever has the key, until it is removed", async () => {
  await open(oldKey).save(installation);
  expect(await open(oldKey).find("T0TWIN001")).toEqual(installation);
  expect(await open(oldKey).find("T0TWIN002")).toBeUndefined();
  await open(oldKey).remove("T0TWIN001");
  await open(oldKey).remove("T0TWIN001");
  expect(await open(oldKey).find("T0TWIN001")).toBeUndefined();
});

test("the file tells nothing, is its owner's alone, and nothing else is left behind", async () => {
  const store = open(oldKey);
  await Promise.all([1, 2, 3].map((at) => store.save({ ...installation, installedAt: at })));
  const text = await readFile(file(), "utf8");
  expect(text).not.toMatch(/secret|Twin|chat/);
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect(await readdir(folder)).toEqual(["T0TWIN001.json"]);
  expect((await store.find("T0TWIN001"))?.installedAt).toBe(3);
});

test("a new key seals anew what an old one sealed, and then the old one can go", async () => {
  await open(oldKey).save(installation);
  expect(await open(newKey, oldKey).find("T0TWIN001")).toEqual(installation);
  expect(await open(newKey).find("T0TWIN001")).toEqual(installation);
  await expect(open(oldKey).find("T0TWIN001")).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/"T0TWIN001": no key fits.*add that to the keys/),
  });
});

test("what was changed, or belongs to another workspace, is not taken for an installation", async () => {
  const store = open(oldKey);
  await store.save(installation);
  const text = await readFile(file(), "utf8");
  await writeFile(join(folder, "T0OTHER01.json"), text);
  await expect(store.find("T0OTHER01")).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  await writeFile(file(), "{}");
  await expect(store.find("T0TWIN001")).rejects.toMatchObject({ code: "STORE_CORRUPT" });
});

test("ids that are none lead nowhere, and keys that can be guessed are refused", async () => {
  await writeFile(join(folder, "..", "T1.json"), "x");
  expect(await open(oldKey).find("../T1")).toBeUndefined();
  await expect(open(oldKey).save({ ...installation, teamId: "../T1" })).rejects.toThrow(
    /workspace/,
  );
  expect(() => open()).toThrow(/key is missing or too short/);
  expect(() => open("password")).toThrow(/expected 32 random characters/);
});

test("what is known of a workspace does until its slow store has told it anew", async () => {
  const clock = manualClock();
  const finds: ((found: Installation | undefined) => void)[] = [];
  const workspaces = installedWorkspaces({
    installations: {
      save: async () => {},
      find: () => new Promise((resolve) => finds.push(resolve)),
      remove: async () => {},
    },
    apiUrl: "http://127.0.0.1:1/",
    timeoutMs: 1000,
    clock,
    log: silentLogger,
  });
  const tokenOf = async () => (await workspaces.find("T1", { signal }))?.botToken;
  const first = [tokenOf(), tokenOf()];
  finds[0]?.({ ...installation, teamId: "T1", botToken: "xoxb-old" });
  expect(await Promise.all(first)).toEqual(["xoxb-old", "xoxb-old"]);

  await clock.advance(60_000);
  expect([await tokenOf(), await tokenOf()]).toEqual(["xoxb-old", "xoxb-old"]);
  expect(finds).toHaveLength(2);
  finds[1]?.({ ...installation, teamId: "T1", botToken: "xoxb-new" });
  await expect.poll(tokenOf).toBe("xoxb-new");
});

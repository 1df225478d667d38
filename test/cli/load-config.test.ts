import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { botOptions } from "../../src/cli/start/bot-options.ts";
import { loadConfig } from "../../src/cli/start/load-config.ts";
import { openSecrets } from "../../src/cli/start/secrets.ts";
import { silentLogger } from "../../src/core/logger.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "opsthread-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

const access = { admins: ["slack:T1:U1"] };
const tokens = { SLACK_APP_TOKEN: "xapp-1-secret", SLACK_BOT_TOKEN: "xoxb-secret" };

async function written(text: unknown, name = "opsthread.config.json"): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof text === "string" ? text : JSON.stringify(text));
  return path;
}

async function made(config: object, env: Readonly<Record<string, string>> = tokens) {
  const loaded = await loadConfig(await written(config));
  const secrets = openSecrets({ env, folder });
  const place = { folder: loaded.folder, env, secrets, log: silentLogger };
  return botOptions(loaded.config, place);
}

test("a configuration in TypeScript is read, and what is undefined in it is not there", async () => {
  const text = `const admins: string[] = ["slack:T1:U1"];
export default { slack: {}, access: { admins }, redis: undefined, limits: { cpus: 2, pids: undefined } };`;
  const { config } = await loadConfig(await written(text, "opsthread.config.ts"));

  expect(config.access).toEqual(access);
  expect(config.limits?.cpus).toBe(2);
  expect(config).not.toHaveProperty("redis");
});

test("a bucket's secrets are read from where the configuration says, or left to the AWS SDK", async () => {
  const place = { driver: "s3", bucket: "ops", endpoint: "https://minio.internal:9000" };
  const named = { accessKeyId: { env: "KEY" }, secretAccessKey: { env: "SECRET" } };
  const env = { ...tokens, KEY: "AKIA1", SECRET: "bucket-secret" };
  const options = await made({ slack: {}, access, blobs: { ...place, ...named } }, env);

  expect(options.blobs).toMatchObject({
    ...place,
    credentials: { accessKeyId: "AKIA1", secretAccessKey: "bucket-secret" },
  });
  expect(options.blobs).not.toHaveProperty("accessKeyId");
  expect(options.secrets).toContain("bucket-secret");
  expect((await made({ slack: {}, access, blobs: place })).blobs).not.toHaveProperty("credentials");
  const half = made({ slack: {}, access, blobs: { ...place, accessKeyId: { env: "KEY" } } }, env);
  await expect(half).rejects.toThrow(/accessKeyId and secretAccessKey both[^]*blobs/);
  const inFile = { slack: {}, access, blobs: { ...place, secretAccessKey: "bucket-secret" } };
  await expect(made(inFile, env)).rejects.toThrow(/a configuration does not hold it/);
});

test("a folder of blobs is relative to the file", async () => {
  const blobs = { driver: "directory", folder: "shared/blobs" };

  expect((await made({ slack: {}, access, blobs })).blobs).toEqual({
    driver: "directory",
    folder: join(folder, "shared/blobs"),
  });
});

test("what is wrong is told with its place and what is expected, all of it at once", async () => {
  const path = await written({
    slak: {},
    slack: { botToken: "xoxb-1", http: { port: "80" } },
    access: { admins: ["U1"] },
    limits: { cpu: 1 },
  });

  await expect(loadConfig(path)).rejects.toThrow(
    /"slak"[^]*"cpu"[^]*at limits[^]*\{ "env": "NAME" \}[^]*at slack\.botToken[^]*at slack\.http\.port[^]*platform:workspace:id[^]*at access\.admins\[0\]/,
  );
});

test("a file that is not there, and one that is no JSON, are told", async () => {
  await expect(loadConfig(join(folder, "none.json"))).rejects.toThrow(/Cannot read .*none\.json/);
  await expect(loadConfig(await written("{", "broken.json"))).rejects.toThrow(/broken\.json/);
});

test("secrets come from the environment or files, and never leave", async () => {
  await writeFile(join(folder, "token"), "xoxb-of-a-file\n");
  const options = await made(
    { slack: { botToken: { file: "token" } }, access },
    { SLACK_APP_TOKEN: "xapp-1-secret" },
  );

  expect(options.secrets).toEqual(["xapp-1-secret", "xoxb-of-a-file"]);
  expect(options.adapters.map(({ platform }) => platform)).toEqual(["slack"]);
});

test("a secret that is not there is told by its setting and its place", async () => {
  await expect(made({ slack: {}, access }, {})).rejects.toThrow(
    "Cannot use slack.appToken: the environment variable SLACK_APP_TOKEN is not set",
  );
  await expect(made({ slack: { appToken: { file: "nowhere" } }, access })).rejects.toThrow(
    /Cannot read slack\.appToken: ENOENT/,
  );
});

test("paths are relative to the file", async () => {
  expect((await made({ slack: {}, access, dataFolder: "data" })).dataFolder).toBe(
    join(folder, "data"),
  );
});

test("a password in the URL of Redis is refused without being told", async () => {
  const wrong = made({ slack: {}, access, redis: { connection: "redis://u:hidden@r:6379" } });

  await expect(wrong).rejects.toThrow(/redis\.connection: there is a password in it/);
  await expect(wrong).rejects.not.toThrow(/hidden/);
  const fromEnv = await made(
    { slack: {}, access, redis: {} },
    { ...tokens, REDIS_URL: "redis://u:pw@r:6379" },
  );
  expect(fromEnv.redis?.connection).toBe("redis://u:pw@r:6379");
});

test("sentinels and nodes of a Cluster have their passwords from the environment or files", async () => {
  await writeFile(join(folder, "node"), "redis://:of-nodes@n1\n");
  const env = { ...tokens, SENTINEL: "redis://:of-sentinels@s1:26379", PASSWORD: "of-master" };
  const connectionOf = async (connection: object) =>
    (await made({ slack: {}, access, redis: { connection } }, env)).redis?.connection;
  const master = { master: "main", username: "bot" };

  expect(await connectionOf({ cluster: [{ file: "node" }, "redis://n2"] })).toEqual({
    cluster: ["redis://:of-nodes@n1", "redis://n2"],
  });
  expect(
    await connectionOf({
      ...master,
      sentinels: [{ env: "SENTINEL" }, "redis://s2:26379"],
      password: { env: "PASSWORD" },
    }),
  ).toEqual({
    ...master,
    sentinels: ["redis://:of-sentinels@s1:26379", "redis://s2:26379"],
    password: "of-master",
  });
  await expect(connectionOf({ cluster: ["redis://n1", "redis://:hidden@n2"] })).rejects.toThrow(
    /^(?!.*hidden).*redis\.connection\.cluster\[1\]: there is a password in it/,
  );
  await expect(connectionOf({ sentinels: ["redis://s1"] })).rejects.toThrow(
    /expected a URL, \{ "sentinels": .*"master": [^]*at redis\.connection/,
  );
});

test("a bot that nobody could talk to is refused", async () => {
  await expect(made({ access })).rejects.toThrow(/expected "slack" or "discord"/);
});

test("a secret of the network is asked for each time", async () => {
  const network = {
    secrets: [
      {
        name: "api",
        hosts: ["api.example.com:443"],
        header: "authorization",
        value: { file: "key" },
      },
    ],
  };
  await writeFile(join(folder, "key"), "first");
  const options = await made({ slack: {}, access, network });
  await writeFile(join(folder, "key"), "second");

  expect(await options.network?.secrets?.[0]?.value()).toBe("second");
});

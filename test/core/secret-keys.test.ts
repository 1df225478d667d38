import { describe, expect, test } from "vitest";

import { isDescribingKey, isSecretKey, memberSecrecy } from "../../src/core/secret-keys.ts";

describe("isSecretKey()", () => {
  test.each(
    `password DB_PASSWORD dbPassword adminPasswd passphrase secret client_secret clientSecret JWT_SECRET token accessToken
    API_TOKEN apiKey api_key APIKEY x-api-key AWS_SECRET_ACCESS_KEY aws_access_key_id privateKey signing-key STRIPE_KEY
    APP_KEY credentials DB_PASS redis_pwd connectionString SENTRY_DSN SLACK_WEBHOOK_URL Authorization cookie jwt
    spring.datasource.password encryptionKey secret_id user_password_hash`.split(/\s+/),
  )("takes %s for a secret", (name) => expect(isSecretKey(name)).toBe(true));

  test.each(
    `name image key keys PUBLIC_KEY primaryKey cacheKey sortKey tokenizer max_tokens maxTokens prompt_tokens secretName
    secretKeyRef imagePullSecrets passwordPolicy PASSWORD_FILE tokenTtl token_url PWD OLDPWD PASS bypass compass author
    keyboard monkey hotkey path description`.split(/\s+/),
  )("does not take %s for a secret", (name) => expect(isSecretKey(name)).toBe(false));
});

test("isDescribingKey() tells a name about a secret from the secret", () => {
  expect(["secretName", "passwordFile", "tokenTTL"].map(isDescribingKey)).toEqual([
    true,
    true,
    true,
  ]);
  expect(["secret", "value"].map(isDescribingKey)).toEqual([false, false]);
});

describe("memberSecrecy()", () => {
  const of = (object: Record<string, unknown>) => memberSecrecy((key) => object[key]);

  test("holds all data of a Kubernetes Secret for secret", () => {
    expect(of({ kind: "Secret" })("data")).toBe("all");
    expect(of({ kind: "ConfigMap" })("data")).toBe("none");
  });

  test("sees the pair of a secret name and a value", () => {
    expect(of({ name: "DB_PASSWORD" })("value")).toBe("all");
    expect(of({ name: "DB_PASSWORD" })("name")).toBe("none");
    expect(of({ name: "LOG_LEVEL" })("value")).toBe("none");
  });

  test("goes by the member's own name else", () => expect(of({})("token")).toBe("named"));
});

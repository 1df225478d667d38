import { describe, expect, test } from "vitest";

import { movementOf } from "../../../src/tasks/diff/quantity.ts";
import { pairOf } from "./support.ts";

/** The note on the only change between two documents, and whether it is a risk. */
function note(before: object, after: object): readonly [string | undefined, boolean | undefined] {
  const { changes } = pairOf(JSON.stringify(before), JSON.stringify(after), { name: "a.json" });
  expect(changes).toHaveLength(1);
  return [changes[0]?.note, changes[0]?.risk];
}

describe("a rule tells of", () => {
  test.each([
    [
      "TLS verification off",
      { tls: { insecureSkipVerify: false } },
      { tls: { insecureSkipVerify: true } },
      "TLS verification turned off",
    ],
    [
      "TLS verification off by its own switch",
      { ssl_verify: true },
      { ssl_verify: false },
      "TLS verification turned off",
    ],
    [
      "TLS verification off in Node",
      { env: {} },
      { env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } },
      "TLS verification turned off",
    ],
    ["privilege", { privileged: false }, { privileged: true }, "more privilege for the container"],
    [
      "privilege in what is added",
      {},
      { securityContext: { privileged: true } },
      "more privilege for the container",
    ],
    ["less hardening", { runAsNonRoot: true }, {}, "less hardening of the container"],
    ["root", { runAsUser: 1000 }, { runAsUser: 0 }, "runs as root"],
    [
      "authentication off",
      { auth: { enabled: true } },
      { auth: { enabled: false } },
      "authentication turned off",
    ],
    [
      "anonymous access",
      { anonymous: false },
      { anonymous: true },
      "access without authentication",
    ],
    [
      "an open address range",
      { cidr: "10.0.0.0/8" },
      { cidr: "0.0.0.0/0" },
      "open to every address",
    ],
    ["an open listener", { bind: "127.0.0.1" }, { bind: "0.0.0.0" }, "listens on every address"],
    [
      "an open service",
      { type: "ClusterIP" },
      { type: "LoadBalancer" },
      "reachable from outside of the cluster",
    ],
    ["a wildcard", { verbs: ["get"] }, { verbs: ["get", "*"] }, "allows everything"],
    [
      "protection off",
      { deletion_protection: true },
      { deletion_protection: false },
      "protection from deletion turned off",
    ],
    [
      "a safeguard off",
      { backup: { enabled: true } },
      { backup: { enabled: false } },
      "safeguard turned off",
    ],
    [
      "deletion of data",
      { reclaimPolicy: "Retain" },
      { reclaimPolicy: "Delete" },
      "data is deleted with its claim",
    ],
    [
      "latest",
      { image: "r.io:5000/a:1.2" },
      { image: "r.io:5000/a:latest" },
      "image tag moved to latest",
    ],
    [
      "a missing tag",
      { image: "r.io:5000/a:1.2" },
      { image: "r.io:5000/a" },
      "image without a fixed version",
    ],
    ["another image", { image: "a:1" }, { image: "b:1" }, "another image"],
    [
      "an older image",
      { image: "a:v1.10.0" },
      { image: "a:v1.9.3" },
      "image goes back to an older version",
    ],
    [
      "a Helm tag",
      { image: { tag: "1.2" } },
      { image: { tag: "latest" } },
      "image tag moved to latest",
    ],
    ["fewer replicas", { replicas: 3 }, { replicas: 1 }, "replicas lowered by 67 %"],
    ["no replicas", { replicas: 3 }, { replicas: 0 }, "replicas set to 0"],
    [
      "less memory",
      { limits: { memory: "512Mi" } },
      { limits: { memory: "128Mi" } },
      "memory limit lowered by 75 %",
    ],
    ["a removed limit", { limits: { memory: "1Gi" } }, { limits: {} }, "memory limit removed"],
    ["removed limits", { limits: { memory: "1Gi" } }, {}, "limits removed"],
    ["a removed probe", { livenessProbe: {} }, {}, "health check removed"],
    ["debug", { debug: false }, { debug: true }, "debug turned on"],
    [
      "debug logging",
      { env: [{ name: "LOG_LEVEL", value: "info" }] },
      { env: [{ name: "LOG_LEVEL", value: "debug" }] },
      "debug logging turned on",
    ],
  ])("%s, as a risk", (_, before, after, expected) =>
    expect(note(before, after)).toEqual([expected, true]),
  );

  test.each([
    ["another type", { a: 1.5 }, { a: "1.5" }, "number became text"],
    [
      "words of older YAML",
      { a: "no" },
      { a: false },
      "text became boolean; older YAML readers take no for false",
    ],
    ["a number that rises", { timeout: 10 }, { timeout: 30 }, "raised to 3 times"],
    ["a new image version", { image: "a:1.2" }, { image: "a:1.3" }, undefined],
    ["more replicas", { replicas: 1 }, { replicas: 3 }, "raised to 3 times"],
    ["TLS verification on", { insecureSkipVerify: true }, { insecureSkipVerify: false }, undefined],
    ["a removed service", { type: "LoadBalancer" }, {}, undefined],
  ])("%s, as no risk", (_, before, after, expected) =>
    expect(note(before, after)).toEqual([expected, false]),
  );
});

test.each([
  ["512Mi", "128Mi", "lowered by 75 %"],
  ["1Gi", "512Mi", "lowered by 50 %"],
  ["500m", "1", "raised to 2 times"],
  ["30s", "1h", "raised to 120 times"],
  ["1000", "1_100", "raised by 10 %"],
  ["10", "0", "lowered"],
  ["-1", "5", "raised"],
  ["10s", "10Mi", undefined],
  ["1.2.3", "1.2.4", undefined],
  ["a", "b", undefined],
  ["5", "5.0", undefined],
])("movementOf(%s, %s) is %s", (before, after, expected) =>
  expect(movementOf(before, after)).toBe(expected),
);

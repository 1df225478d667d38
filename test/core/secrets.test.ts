import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { replaceSpans, secretSpans } from "../../src/core/secrets.ts";

const hide = (text: string): string => replaceSpans(text, secretSpans(text), () => "#");
const alphanumeric = (length: number): string => "a1B2c3D4e5F6g7H8".repeat(20).slice(0, length);

describe("secretSpans() finds", () => {
  test.each([
    ["an AWS key id", "id AKIAIOSFODNN7EXAMPLE.", "id #."],
    ["a GitHub token", `clone ghp_${alphanumeric(36)} now`, "clone # now"],
    ["a Slack token", "xoxb-123456789012-abcdefABCDEF", "#"],
    [
      "a Slack webhook",
      "https://hooks.slack.com/services/T0/B0/abcdef",
      "https://hooks.slack.com/services/#",
    ],
    ["a Stripe key", `sk_live_${alphanumeric(24)}`, "#"],
    ["a model provider's key", `sk-ant-api03-${alphanumeric(40)}`, "#"],
    ["a Google key", `AIza${alphanumeric(35)}`, "#"],
    ["a GitLab token", `glpat-${alphanumeric(20)}`, "#"],
    ["an npm token", `//registry/:_authToken=npm_${alphanumeric(36)}`, "//registry/:_authToken=#"],
    ["a JWT", `jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_def-1`, "jwt #"],
    [
      "a bearer header",
      "curl -H 'Authorization: Bearer abc.def'",
      "curl -H 'Authorization: Bearer #'",
    ],
    ["a basic header", "Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic #"],
    ["basic credentials alone", "sent Basic dXNlcjpwYXNz", "sent Basic #"],
    ["the password of a URL", "postgres://app:s3cr@t@db:5432/x", "postgres://app:#@db:5432/x"],
    [
      "a token as a URL's user",
      `https://${alphanumeric(20)}@github.com/a`,
      "https://#@github.com/a",
    ],
    ["the password of a MySQL address", "app:hunter2@tcp(db:3306)/x", "app:#@tcp(db:3306)/x"],
    ["a set cookie", "Set-Cookie: session=abc; Path=/", "Set-Cookie: session=#; Path=/"],
    ["sent cookies", "Cookie: a=1; b=2", "Cookie: #"],
    ["an Azure key", "AccountName=a;AccountKey=abc+/def==;E=x", "AccountName=a;AccountKey=#;E=x"],
    ["a signed URL", "https://x/y?a=1&sig=abcdefghijklmnopqrst", "https://x/y?a=1&sig=#"],
    ["curl credentials", "curl -s -u admin:hunter2 http://x", "curl -s -u admin:# http://x"],
    ["a password hash", `root:$6$salt$${alphanumeric(43)}:1`, "root:#:1"],
    ["an assignment", "export DB_PASSWORD=hunter2", "export DB_PASSWORD=#"],
    ["an assignment with spaces in it", "DB_PASSWORD=one two, three;four", "DB_PASSWORD=#"],
    ["an assignment before a comment", "db_password: hunter2 # old", "db_password: # # old"],
    ["a quoted assignment", 'api_key = "a b;c" # x', 'api_key = "#" # x'],
    ["a JSON member", '{"user":"a","password":"p\\"q"}', '{"user":"a","password":"#"}'],
    ["JSON in a string", '"{\\"token\\":\\"abc\\"}"', '"{\\"token\\":\\"#\\"}"'],
    ["a flag", "login --password hunter2 --user bob", "login --password # --user bob"],
    ["a flag with =", "login --token=abc1 --user bob", "login --token=# --user bob"],
    ["a query parameter", "GET /a?access_token=abc1&b=2", "GET /a?access_token=#&b=2"],
    ["one of several in a line", "conn user=a,password=bc,host=d", "conn user=a,password=#,host=d"],
    [
      "a pair in YAML",
      "- name: DB_PASSWORD\n  value: hunter2\n",
      "- name: DB_PASSWORD\n  value: #\n",
    ],
    ["a pair in JSON", '{"name":"API_TOKEN","value":"abc"}', '{"name":"API_TOKEN","value":"#"}'],
    ["a block of YAML", "password: |\n  one\n  two\nuser: a\n", "password: |\n  #\nuser: a\n"],
    ["a removed line of a diff", "-  password: hunter2", "-  password: #"],
    [
      "a private key",
      "x -----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY----- y",
      "x -----BEGIN RSA PRIVATE KEY-----#-----END RSA PRIVATE KEY----- y",
    ],
    [
      "a cut private key",
      "-----BEGIN PRIVATE KEY-----\nMIIE\n(cut)",
      "-----BEGIN PRIVATE KEY-----#(cut)",
    ],
    [
      "a Kubernetes Secret in YAML",
      "apiVersion: v1\ndata:\n  db: aGVsbG8=\nkind: Secret\nmetadata:\n  name: x\n---\ndata:\n  db: plain\n",
      "apiVersion: v1\ndata:\n  db: #\nkind: Secret\nmetadata:\n  name: x\n---\ndata:\n  db: plain\n",
    ],
    [
      "a Kubernetes Secret in JSON",
      '{"data":{"db":"aGVsbG8=","x":"eA=="},"kind":"Secret","metadata":{"name":"x"}}',
      '{"data":{"db":"#","x":"#"},"kind":"Secret","metadata":{"name":"x"}}',
    ],
  ])("%s", (_, text, expected) => expect(hide(text)).toBe(expected));
});

describe("secretSpans() leaves alone", () => {
  test.each([
    "password: ${DB_PASSWORD}",
    "password=$DB_PASSWORD",
    "password: {{ .Values.password }}",
    "password: ((db_password))",
    "password: <your password>",
    "password: ********",
    "password: [redacted:password]",
    "password: [masked, 12 characters]",
    "secretName: web-tls",
    "Failed password for root from 10.0.0.1 port 22",
    "token: 5",
    "used tokens=128",
    "--- PASS: TestParse (0.06s)",
    "Token: Token { kind: ContainerToken }",
    "setToken=AppWindowToken{41a2 token=Binder@1f}",
    "ReallyDoFetchToken: Gets a real access-token",
    "Basic authentication failed",
    "http://host:80/path@2x.png",
    "password: string;",
    "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
    "max_tokens: 4096",
  ])("%s", (text) => expect(hide(text)).toBe(text));
});

test("secretSpans() gives spans in order and apart", () => {
  const fragment = fc.constantFrom(
    "password=",
    "token: ",
    "Bearer ",
    "://a:",
    "@",
    "\n",
    '"',
    "\\",
    " ",
    "eyJ",
    "ghp_",
    "[redacted:token]",

    "kind: Secret\n",
    "data:\n  a: ",
    "-----BEGIN PRIVATE KEY-----",
    "-----END ",
    "Cookie: ",
    "é😀",
    "x",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(fragment, fc.string()), { maxLength: 30 }), (parts) => {
      const text = parts.join("");
      let at = 0;
      for (const { from, start, end } of secretSpans(text)) {
        expect(from).toBeLessThanOrEqual(start);
        expect(start).toBeGreaterThanOrEqual(at);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(text.length);
        at = end;
      }
    }),
  );
});

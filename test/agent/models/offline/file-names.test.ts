import { expect, test } from "vitest";

import {
  fileKind,
  filesNamed,
  leadingFiles,
} from "../../../../src/agent/models/offline/file-names.ts";

test.each([
  ["app.log", "log"],
  ["app.log.1.gz", "log"],
  ["app.log-20250301.zst", "log"],
  ["access_log", "log"],
  ["error.log.txt", "log"],
  ["server.out", "log"],
  ["events.jsonl", "log"],
  ["app-log.json", "log"],
  ["/var/log/syslog.3.gz", "log"],
  ["catalina.2025-03-01.log", "log"],
  ["deploy-v1.yaml", "config"],
  [".env.staging", "config"],
  ["attachments/.env", "config"],
  ["nginx.conf.bak", "config"],
  ["package.json", "config"],
  ["Dockerfile", "config"],
  ["logging.yaml", "config"],
  ["main.tf", "config"],
  ["notes.txt", "text"],
  ["dump", "text"],
  ["screenshot.PNG", "other"],
  ["report.pdf", "other"],
])("fileKind(%j) is %s", (path, kind) => {
  expect(fileKind(path)).toBe(kind);
});

const known = {
  files: ["attachments/app.log.1.gz", "attachments/My-Report_v2.yaml", "attachments/db.log"],
  sources: ["nginx"],
};

test.each<[string, readonly string[]]>([
  ["what's in app.log?", ["attachments/app.log.1.gz"]],
  ["APP.LOG.1.GZ", ["attachments/app.log.1.gz"]],
  ["attachments/app.log.1.gz", ["attachments/app.log.1.gz"]],
  ['look at "my report_v2.yaml"', ["attachments/My-Report_v2.yaml"]],
  ["`db.log`, and app.log.", ["attachments/db.log", "attachments/app.log.1.gz"]],
  ["*.log", ["attachments/db.log"]],
  ["/sources/nginx", ["/sources/nginx/**/*"]],
  ["sources/nginx/", ["/sources/nginx/**/*"]],
  ["/sources/nginx/access.log", ["/sources/nginx/access.log"]],
  ["/sources/nginx/*.gz", ["/sources/nginx/*.gz"]],
  ["other.log", ["other.log"]],
  ["/var/log/app/current", ["/var/log/app/current"]],
  ["see https://example.org/app.log", []],
  ["the app crashed and the db too", []],
  ["nginx is down, 24/7, and/or v1.2.3, e.g. 10.0.0.1", []],
  ["match /conn.*reset/i", []],
])("filesNamed(%j)", (text, expected) => {
  expect(filesNamed(text, known).map(({ path }) => path)).toEqual(expected);
});

test("filesNamed() takes a line number along", () => {
  expect(filesNamed("what is db.log:120 about", known)).toMatchObject([
    { path: "attachments/db.log", line: 120 },
  ]);
});

test.each<[string, readonly string[]]>([
  ["nginx since 10:00", ["/sources/nginx/**/*"]],
  ["db app since 10:00", ["attachments/db.log", "attachments/app.log.1.gz"]],
  ["of the source nginx", ["/sources/nginx/**/*"]],
  ["show that db is down", []],
])("leadingFiles(%j) understands bare names at the beginning only", (text, expected) => {
  expect(leadingFiles(text, known).map(({ path }) => path)).toEqual(expected);
});

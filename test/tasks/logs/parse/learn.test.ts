import { expect, test } from "vitest";

import { type LogEvent, newEvent } from "../../../../src/tasks/logs/parse/event.ts";
import { createLineReader } from "../../../../src/tasks/logs/parse/reader.ts";
import { timeFormats } from "../../../../src/tasks/logs/parse/timestamp.ts";

const formats = timeFormats({ now: Date.parse("2026-11-20T00:00:00Z") });
const words = ["opened", "closed", "moved", "copied", "checked"];
const two = (value: number): string => String(value).padStart(2, "0");

/** Reads the last of many lines that are built the same way. */
function readLast(build: (index: number, message: string) => string): LogEvent & { kind: string } {
  const lines = Array.from({ length: 60 }, (_, index) =>
    build(index, `${words[index % words.length]} segment ${index} of volume`),
  );
  const reader = createLineReader(lines, formats);
  const event = newEvent();
  const kind = reader.read(lines.at(-1) ?? "", event, { afterTrouble: false });
  return { ...event, kind };
}

const message = "checked segment 59 of volume";
const level = (index: number): string => (index % 7 === 2 ? "ERROR" : "INFO");

test.each<[string, (index: number, text: string) => string, Partial<LogEvent>]>([
  [
    "log4j",
    (i, text) =>
      `2026-03-04 10:11:${two(i)},123 ${level(i)} [pool-${i % 9}-thread 1] org.acme.Store: ${text}`,
    { level: "info", component: "org.acme.Store" },
  ],
  [
    "python logging",
    (i, text) => `2026-03-04 10:11:${two(i)},123 - acme.store - ${level(i)} - ${text}`,
    { level: "info" },
  ],
  [
    "spring boot",
    (i, text) =>
      `2026-03-04 10:11:${two(i)}.123  ${level(i)} 4711 --- [  main] c.acme.Store     : ${text}`,
    { level: "info", component: "c.acme.Store" },
  ],
  [
    "loguru",
    (i, text) =>
      `2026-03-04 10:11:${two(i)}.123 | ${level(i).padEnd(8)} | acme.store:run:${i} - ${text}`,
    { level: "info" },
  ],
  [
    "airflow",
    (i, text) => `[2026-03-04 10:11:${two(i)},123] {store.py:${i}} ${level(i)} - ${text}`,
    { level: "info" },
  ],
  [
    "dash after the time",
    (i, text) => `2026-03-04 10:11:${two(i)},123 - ${level(i)}  [Main:Store@${i}] - ${text}`,
    { level: "info" },
  ],
  [
    "logcat",
    (i, text) =>
      `03-04 10:11:${two(i)}.123  1702  ${2000 + i} ${level(i)[0]} StoreManager: ${text}`,
    { level: "info", component: "StoreManager" },
  ],
  [
    "syslog",
    (i, text) => `Mar  4 10:11:${two(i)} host-7 stored[${i}]: ${text}`,
    { level: "unknown", component: "stored" },
  ],
  [
    "short date first",
    (i, text) => `17/06/09 10:11:${two(i)} ${level(i)} storage.BlockStore: ${text}`,
    { level: "info", component: "storage.BlockStore" },
  ],
  [
    "columns with two times",
    (i, text) =>
      `- 17726190${two(i)} 2026.03.04 R0${i % 9}-M1 2026-03-04-10.11.${two(i)}.123456 R0${i % 9}-M1 SYS STORE ${level(i)} ${text}`,
    { level: "info" },
  ],
  [
    "program and dash",
    (i, text) => `[03.04 10:11:${two(i)}] ${i % 2 === 0 ? "store.exe" : "other.exe"} - ${text}`,
    { component: "other.exe" },
  ],
  [
    "request context",
    (i, text) =>
      `api.log 2026-03-04 10:11:${two(i)}.123 25${i} ${level(i)} acme.store.api [req-${i}a-4f ${i}c - - -] ${text}`,
    { level: "info", component: "acme.store.api" },
  ],
  [
    "comma after the time",
    (i, text) =>
      `2026-03-04 10:11:${two(i)}, ${i % 7 === 2 ? "Error" : "Info"}                  ${text}`,
    { level: "info" },
  ],
  [
    "fields split by bars",
    (i, text) => `20260304-10:11:${i}:123|Store_Part|3000${i}|${text}`,
    { component: "Store_Part" },
  ],
  [
    "nginx error log",
    (i, text) => `2026/03/04 10:11:${two(i)} [${level(i).toLowerCase()}] 12#${i}: ${text}`,
    { level: "info" },
  ],
  [
    "postgres",
    (i, text) =>
      `2026-03-04 10:11:${two(i)}.123 UTC [${i}] ${i % 7 === 2 ? "ERROR" : "LOG"}:  ${text}`,
    { level: "info" },
  ],
  [
    "zap console",
    (i, text) =>
      `2026-03-04T10:11:${two(i)}.123Z\t${level(i)}\tacme.store\tstore/run.go:${i}\t${text}`,
    { level: "info" },
  ],
  [
    "tracing",
    (i, text) => `2026-03-04T10:11:${two(i)}.123456Z  ${level(i)} acme_store::run: ${text}`,
    { level: "info" },
  ],
  [
    "klog",
    (i, text) => `${level(i)[0]}0304 10:11:${two(i)}.123456    ${i} store.go:${i}] ${text}`,
    { level: "info", component: "store.go" },
  ],
  [
    "syslog with priority",
    (i, text) =>
      `<${i % 7 === 2 ? 11 : 14}>1 2026-03-04T10:11:${two(i)}Z host store ${i} ID1 [a b="c"] ${text}`,
    { level: "info", component: "store" },
  ],
  [
    "logfmt",
    (i, text) =>
      `time=2026-03-04T10:11:${two(i)}Z level=${level(i).toLowerCase()} component=store msg="${text}" n=${i}`,
    { level: "info", component: "store" },
  ],
  [
    "pino",
    (i, text) => JSON.stringify({ level: 30, time: 1772619000000 + i, name: "store", msg: text }),
    { level: "info", component: "store" },
  ],
  [
    "journald",
    (i, text) =>
      JSON.stringify({
        __REALTIME_TIMESTAMP: `17726190${two(i)}000000`,
        PRIORITY: "6",
        SYSLOG_IDENTIFIER: "store",
        MESSAGE: text,
      }),
    { level: "info", component: "store" },
  ],
  [
    "docker json-file",
    (i, text) =>
      JSON.stringify({
        log: `${level(i)} ${text}\n`,
        stream: "stdout",
        time: `2026-03-04T10:11:${two(i)}.1Z`,
      }),
    { level: "info" },
  ],
  ["CRI", (i, text) => `2026-03-04T10:11:${two(i)}.123456789Z stdout F ${text}`, {}],
  [
    "docker compose",
    (i, text) => `store-1  | 2026-03-04T10:11:${two(i)}Z ${level(i)} ${text}`,
    { level: "info", component: "store-1" },
  ],
])("createLineReader() takes the header of %s off", (_name, build, expected) => {
  const event = readLast(build);
  expect(event.text).toBe(message);
  expect(event).toMatchObject({ kind: "event", ...expected });
  expect(event.time).toBeGreaterThan(0);
});

test("createLineReader() reads an access log's status as the level and its path in parts", () => {
  const event = readLast(
    (i) =>
      `10.0.0.${i} - bob [04/Mar/2026:10:11:${two(i)} +0000] "GET /a/b/${i}?q=1 HTTP/1.1" 503 12 "-" "x y"`,
  );
  expect(event).toMatchObject({ level: "error", tag: "503", text: "GET /a /b /59" });
});

test("createLineReader() tells formats apart that take turns in one file", () => {
  const lines = Array.from({ length: 60 }, (_, i) => [
    `2026-03-04 10:11:${two(i)},123 ${level(i)} [main] org.acme.Store: ${words[i % 5]} it`,
    `2026-03-04 10:11:${two(i)},500 - ${words[i % 5]} that`,
    JSON.stringify({ time: "2026-03-04T10:11:12Z", level: "warn", msg: "third" }),
  ]).flat();
  const reader = createLineReader(lines, formats);
  const event = newEvent();
  const read = (line: string): string => {
    reader.read(line, event, { afterTrouble: false });
    return `${event.level} ${event.text}`;
  };
  expect(lines.slice(-3).map(read)).toEqual([
    "info checked it",
    "unknown checked that",
    "warn third",
  ]);
});

test("createLineReader() learns a format that begins later in the file", () => {
  const reader = createLineReader(["starting up", "hello"], formats);
  const event = newEvent();
  for (let i = 0; i < 400; i += 1) {
    reader.read(`2026-03-04 10:11:12 WARN  acme.Store: moved ${i} bytes`, event, {
      afterTrouble: false,
    });
  }
  expect(event).toMatchObject({ level: "warn", text: "moved 399 bytes" });
});

test.each([
  ["    at com.acme.Store.run(Store.java:1)", false, "continuation"],
  ["Caused by: java.io.IOException: gone", false, "continuation"],
  ["java.lang.IllegalStateException: no", true, "continuation"],
  ["java.lang.IllegalStateException: no", false, "plain"],
  ["panic: runtime error: index out of range", false, "plain"],
  ["just some more text", false, "continuation"],
])("createLineReader() takes %s after trouble=%s for a %s", (line, afterTrouble, kind) => {
  const lines = Array.from({ length: 60 }, (_, i) => `2026-03-04 10:11:${two(i)} INFO ok ${i}`);
  const reader = createLineReader(lines, formats);
  const event = newEvent();
  for (const each of lines) reader.read(each, event, { afterTrouble: false });
  expect(reader.read(line, event, { afterTrouble })).toBe(kind);
});

test("createLineReader() joins a line that a container runtime split", () => {
  const record = (tag: string, text: string): string =>
    `2026-03-04T10:11:12.1Z stdout ${tag} ${text}`;
  const reader = createLineReader(
    Array.from({ length: 9 }, () => record("F", "x")),
    formats,
  );
  const event = newEvent();
  expect(reader.read(record("P", "first "), event, { afterTrouble: false })).toBe("partial");
  reader.read(record("F", "second"), event, { afterTrouble: false });
  expect(event.text).toBe("first second");
});

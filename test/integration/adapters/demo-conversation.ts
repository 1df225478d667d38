import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Model } from "opsthread";
import { offlineModel } from "opsthread/models";
import { logs } from "opsthread/tasks";

import { answering, restartTool, tool } from "../../agent/harness.ts";

// What the demo conversation is made of, on any platform.

/** Logs of two services, of which one takes the other down; in one stands what would call everybody. */
export function incident(
  loud: string,
): readonly { readonly name: string; readonly bytes: Buffer }[] {
  const line = (second: number, text: string): string =>
    `2026-11-26T10:${String(Math.floor(second / 60)).padStart(2, "0")}:${String(second % 60).padStart(2, "0")}Z ${text}`;
  const seconds = Array.from({ length: 300 }, (_, second) => second);
  const db = seconds.map((second) =>
    second === 90
      ? line(second, "ERROR postgres: could not extend file: No space left on device")
      : line(second, `INFO postgres: checkpoint ${second} complete`),
  );
  const web = seconds.map((second) =>
    second > 95 && second % 4 === 0
      ? line(second, `ERROR web: request ${second} failed: connection pool timeout ${loud}`)
      : line(second, `INFO web: GET /orders/${second} 200 in ${20 + (second % 7)} ms`),
  );
  return [
    { name: "web.log", bytes: Buffer.from(`${web.join("\n")}\n`) },
    { name: "db.log", bytes: Buffer.from(`${db.join("\n")}\n`) },
  ];
}

/** `restart` needs an approval; `watch` goes on until it is stopped, and `began` resolves when it does. */
export function demoTools() {
  let begin = (): void => {};
  const began = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const { restart, ran } = restartTool("postgres restarted, 3 GB free");
  const watch = tool("watch", async ({ signal }) => {
    begin();
    await new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    return "never";
  });
  return { tools: [restart, watch], ran, began };
}

/** The offline planner, and for what it can't do prepared answers. */
export function talking(): Model {
  const offline = offlineModel({ tasks: [logs] });
  const prepared = [
    {
      at: /restart the database/,
      model: answering(
        [["restart", { service: "postgres" }]],
        "Postgres **is up again**: 3 GB are free.",
      ),
    },
    { at: /watch it/, model: answering([["watch"]]) },
  ];
  return {
    ...offline,
    respond(request, options) {
      const asked = request.items.flatMap((item) => (item.type === "user" ? [item.text] : []));
      const meant = prepared.findLast(({ at }) => asked.some((text) => at.test(text)));
      return (meant?.model ?? offline).respond(request, options);
    },
  };
}

/** For people to look at: set OPSTHREAD_TEST_TRANSCRIPTS to a folder. */
export async function keep(name: string, page: string): Promise<void> {
  const folder = process.env["OPSTHREAD_TEST_TRANSCRIPTS"];
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), page);
}

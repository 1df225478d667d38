import { open } from "node:fs/promises";

const words =
  "request session worker queue block cache index shard replica lease token packet frame thread volume".split(
    " ",
  );
const verbs =
  "opened closed moved copied checked flushed merged sent received expired renewed".split(" ");

/** Writes a log in which many formats take turns, always the same for the same size, with one error near its end. */
export async function writeLog(path: string, bytes: number): Promise<{ readonly lines: number }> {
  const file = await open(path, "w");
  try {
    let [written, lines, planted] = [0, 0, false];
    while (written < bytes) {
      const batch: string[] = [];
      for (let index = 0; index < 5000; index += 1) batch.push(lineAt(lines + index));
      if (!planted && written > bytes * 0.9) {
        batch[2500] = `${isoAt(lines + 2500)} FATAL [main] acme.Ledger - ledger out of balance by 17`;
        planted = true;
      }
      const text = `${batch.join("\n")}\n`;
      await file.write(text);
      written += Buffer.byteLength(text);
      lines += batch.length;
    }
    return { lines };
  } finally {
    await file.close();
  }
}

/** Whole stretches in one format, as of services that write in turns, and lines of others between them. */
function lineAt(index: number): string {
  const noise = hash(index);
  const format = noise % 5 === 0 ? noise % formats.length : Math.floor(index / 40) % formats.length;
  return formats[format]?.(index, noise) ?? "";
}

const formats: readonly ((index: number, noise: number) => string)[] = [
  (i, n) =>
    `${isoAt(i)} ${levelOf(n)} [pool-${n % 16}-thread-${n % 7}] acme.${pick(words, n)}.Manager - ${message(n)}`,
  (i, n) =>
    `${isoAt(i).slice(0, 19).replace("T", " ")},${String(n % 1000).padStart(3, "0")} - ${levelOf(n)} - ${message(n)}`,
  (i, n) =>
    JSON.stringify({
      time: startMs + i * 7,
      level: 30 + (n % 97 === 0 ? 10 : 0),
      name: pick(words, n),
      msg: message(n),
      id: n,
    }),
  (i, n) =>
    `time=${isoAt(i)} level=${levelOf(n).toLowerCase()} component=${pick(words, n)} msg="${message(n)}" took=${n % 900}ms`,
  (i, n) =>
    `10.${n % 255}.${n % 13}.${n % 77} - - [${accessAt(i)}] "GET /${pick(words, n)}/${pick(verbs, n)}/${n % 9999}?q=${n} HTTP/1.1" ${n % 61 === 0 ? 404 : 200} ${n % 90_000} "-" "Mozilla/5.0 (X11; Linux x86_64)"`,
  (i, n) => `${syslogAt(i)} host-${n % 20} ${pick(words, n)}d[${n % 30_000}]: ${message(n)}`,
];

function message(noise: number): string {
  const [verb, word] = [pick(verbs, noise >>> 3), pick(words, noise >>> 7)];
  switch (noise % 6) {
    case 0:
      return `${verb} ${word} ${noise} of 10.0.${noise % 256}.${noise % 99}:${1024 + (noise % 60_000)} in ${noise % 700} ms`;
    case 1:
      return `${word} blk_${noise}${noise % 1000} was ${verb} by node-${noise % 64} at /data/${word}/${noise % 500}/part`;
    case 2:
      return `user u${(noise % 46_656).toString(36)} ${verb} the ${word} with status=${noise % 4} bytes=${noise}`;
    case 3:
      return `[${word}] ${verb} 0x${noise.toString(16)}, next attempt in ${noise % 60}s (tries: ${noise % 5})`;
    case 4:
      return `Finished ${word} ${verb} sequence for ${noise.toString(16).padStart(8, "0")}-${(noise % 65_536).toString(16)}-4e1b`;
    default:
      return `${word} ${verb}`;
  }
}

const startMs = Date.UTC(2026, 2, 4);

function isoAt(index: number): string {
  return new Date(startMs + index * 7).toISOString();
}

function accessAt(index: number): string {
  return `04/Mar/2026:${isoAt(index).slice(11, 19)} +0000`;
}

function syslogAt(index: number): string {
  return `Mar  4 ${isoAt(index).slice(11, 19)}`;
}

function levelOf(noise: number): string {
  if (noise % 503 === 0) return "ERROR";
  return noise % 53 === 0 ? "WARN" : "INFO";
}

function pick(list: readonly string[], noise: number): string {
  return list[noise % list.length] ?? "";
}

/** A number from 0 to 2^31 that looks random, and is the same each time. */
function hash(index: number): number {
  let value = Math.imul(index ^ 0x9e3779b9, 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 1;
}

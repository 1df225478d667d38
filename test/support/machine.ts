import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";

/** A network namespace that stands for a machine: it reaches this one at `host`, and can be cut off. */
export interface Machine extends Disposable {
  /** The address of this machine, seen from there. */
  readonly host: string;
  /** What a command begins with to run there. */
  readonly prefix: readonly string[];
  cutOff(): void;
  reconnect(): void;
}

/** Whether this process may make network namespaces. */
export function canMakeMachines(): boolean {
  try {
    openMachine()[Symbol.dispose]();
    return true;
  } catch {
    return false; // Not root, or not Linux, or no `ip`.
  }
}

export function openMachine(): Machine {
  const id = randomInt(1_000_000).toString(36);
  const [namespace, near, far] = [`opst${id}`, `ops${id}a`, `ops${id}b`];
  const subnet = `10.${randomInt(200, 250)}.${randomInt(256)}`;
  const there = (...args: readonly string[]): void => ip("-n", namespace, ...args);
  const close = (): void => {
    // With the namespace its end of the cable goes, and with that the other one.
    ip("netns", "del", namespace);
  };
  ip("netns", "add", namespace);
  try {
    ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", namespace);
    ip("addr", "add", `${subnet}.1/24`, "dev", near);
    ip("link", "set", near, "up");
    there("addr", "add", `${subnet}.2/24`, "dev", far);
    there("link", "set", far, "up");
    there("link", "set", "lo", "up");
  } catch (error) {
    close();
    throw error;
  }
  return {
    host: `${subnet}.1`,
    prefix: ["ip", "netns", "exec", namespace],
    cutOff: () => ip("link", "set", near, "down"),
    reconnect: () => ip("link", "set", near, "up"),
    [Symbol.dispose]: close,
  };
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

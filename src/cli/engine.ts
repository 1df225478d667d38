import { homedir } from "node:os";

import { defaultSockets } from "../sandbox/docker/engine.ts";

/** Where the environment says that the container engine is. */
export function engineFromEnvironment(env: NodeJS.ProcessEnv): {
  readonly host: string | undefined;
  readonly sockets: readonly string[];
} {
  const host = env["DOCKER_HOST"];
  return {
    host: host === "" ? undefined : host,
    sockets: defaultSockets({ runtimeDir: env["XDG_RUNTIME_DIR"], home: homedir() }),
  };
}

/** Proxy variables, for what is downloaded on behalf of the person. */
export function proxiesFromEnvironment(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const names = ["http_proxy", "https_proxy", "no_proxy"].flatMap((name) => [
    name,
    name.toUpperCase(),
  ]);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

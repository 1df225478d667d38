import { randomUUID } from "node:crypto";
import { basename, extname } from "node:path";

import type { AccessStanding, ToolSession } from "../agent/tool.ts";
import type { AccessRequest } from "../core/access-request.ts";
import { OpsthreadError } from "../core/errors.ts";
import { failSpan, type Span } from "../core/trace.ts";
import type { Sandbox, SandboxSpec } from "../sandbox/sandbox.ts";
import type { Blobs } from "../store/blobs.ts";
import type { RestingSandboxes } from "./resting-sandboxes.ts";

/** Takes secrets out of everything that leaves. */
export interface Redactor {
  text(text: string): string;
  stream(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** The session's side of tools: a sandbox that is opened when first needed, and files kept for the reply. */
export interface Workspace extends ToolSession {
  /** Whether a sandbox was opened at all. */
  readonly used: boolean;
  /** Leaves the sandbox to the session's next turn, unless that may do less. */
  rest(): Promise<void>;
  /** Ends the sandbox; who needs one after that gets a new one, with what is granted then. */
  close(): Promise<void>;
  /** Leaves what runs in it to whoever goes on with the turn. */
  detach(): Promise<void>;
}

export function createWorkspace({
  sessionId,
  spec,
  turn,
  sandboxes,
  blobs,
  redactor,
  access,
  mayRest,
  onOpen,
  span,
  signal,
}: {
  readonly sessionId: string;
  /** What is configured and granted as it stands when the sandbox is opened. */
  readonly spec: () => SandboxSpec;
  readonly turn: number;
  readonly sandboxes: RestingSandboxes;
  readonly blobs: Blobs;
  readonly redactor: Redactor;
  readonly access: (request: AccessRequest) => AccessStanding;
  /** Whether the next turn may do all that this sandbox was opened for. */
  readonly mayRest: (opened: SandboxSpec) => boolean;
  readonly onOpen: (spec: SandboxSpec) => void;
  /** The turn's. */
  readonly span: Span;
  readonly signal: AbortSignal;
}): Workspace {
  let opening: Promise<Sandbox> | undefined;
  let used: SandboxSpec | undefined;
  const open = async (): Promise<Sandbox> => {
    const wanted = spec();
    using opens = span.child("sandbox-open", { sandbox: sandboxes.name, image: wanted.image });
    const opened = await sandboxes.open(wanted, { signal }).catch((error: unknown) => {
      failSpan(opens, error);
      throw error;
    });
    used = wanted;
    onOpen(wanted);
    return opened;
  };
  const sandbox = (): Promise<Sandbox> => {
    opening ??= open();
    return opening;
  };
  /** The open sandbox, given up by this. One that could not be opened is none, and its user has been told. */
  const giveUp = async (): Promise<Sandbox | undefined> => {
    const given = opening;
    opening = undefined;
    return given?.catch(() => undefined);
  };
  return {
    sessionId,
    get used() {
      return used !== undefined;
    },
    sandbox,
    async sandboxFrom(image) {
      // What rests is the session's own: first that is taken up.
      await sandbox();
      return sandboxes.open({ ...spec(), image }, { signal });
    },
    access,
    async keep(path, { signal: keeping }) {
      const { files } = await sandbox();
      const file = await files.export(path, { signal: keeping });
      if (!file)
        throw new OpsthreadError(
          "SANDBOX_PATH_REFUSED",
          `Cannot attach "${path}": there is no such file in the workspace`,
        );
      const mediaType = mediaTypes[extname(path)] ?? "application/octet-stream";
      const isText = mediaType !== "application/octet-stream";
      const content = isText ? redactor.stream(file.bytes) : file.bytes;
      const blob = `${sessionId}/${turn}/${randomUUID()}`;
      const { bytes } = await blobs.put(blob, content, { signal: keeping });
      return { name: redactor.text(basename(path)), blob, bytes, mediaType };
    },
    async rest() {
      const given = await giveUp();
      await (given && used && mayRest(used) ? sandboxes.rest(given) : given?.close());
    },
    async close() {
      await (await giveUp())?.close();
    },
    async detach() {
      await (await giveUp())?.detach();
    },
  };
}

/** Text that the redactor reads; anything else is passed on as it is. */
const mediaTypes: Readonly<Record<string, string>> = {
  ".csv": "text/csv",
  ".diff": "text/x-diff",
  ".json": "application/json",
  ".jsonl": "application/x-ndjson",
  ".log": "text/plain",
  ".md": "text/markdown",
  ".patch": "text/x-diff",
  ".txt": "text/plain",
  ".yaml": "application/yaml",
  ".yml": "application/yaml",
};

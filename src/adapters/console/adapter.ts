import { abortable } from "../../core/abort.ts";
import { isOpsthreadError, messageOf, OpsthreadError } from "../../core/errors.ts";
import { sessionIdOf } from "../../core/ids.ts";
import type { Message } from "../../core/message.ts";
import type { Artifact } from "../../core/post.ts";
import type { Adapter, OpenArtifact } from "../adapter.ts";
import type { MessageRecord } from "./records.ts";
import type { ConsoleServer, NamedUpload, PostAnswer } from "./server.ts";
import type { ConsoleWorkspace } from "./workspace.ts";

/** Connects a bot to a chat platform in the same process: for trying it out, for demonstrations and for tests. */
export function consoleAdapter({
  workspace,
}: {
  readonly workspace: Pick<ConsoleWorkspace, "id" | "server">;
}): Adapter {
  const { server } = workspace;
  let connection: AsyncDisposable | undefined;
  return {
    platform: "console",
    async start(inbound) {
      connection = server.connect(async (event) => {
        const received = await inbound.receive(toMessage(event, workspace.id));
        return received.status === "denied" ? { denied: received.reason } : {};
      });
    },
    async post(post, { signal, open }) {
      signal.throwIfAborted();
      const uploads = await uploadAll(server, post.artifacts, { signal, open });
      signal.throwIfAborted();
      return settle(await server.post(post, uploads));
    },
    async findPost(thread, key, { signal }) {
      signal.throwIfAborted();
      const messageId = server.findPost(thread, key);
      return messageId === undefined ? undefined : { messageId };
    },
    async openThread({ channel, key, markdown }, { signal }) {
      signal.throwIfAborted();
      // Its own name, so that it can't be begun twice.
      const thread = { ...channel, thread: `t-${key}` };
      if (server.findPost(thread, key) !== undefined) return thread;
      const about = { sessionId: sessionIdOf(thread), turn: 0, kind: "notice" as const };
      settle(await server.post({ ...about, key, thread, markdown }, []));
      return thread;
    },
    async showProgress(thread, { key, markdown }, { signal }) {
      signal.throwIfAborted();
      server.showProgress(thread, key, markdown);
    },
    async *download(thread, attachment, { signal }) {
      const { id } = attachment;
      const bytes = server.download(thread, id);
      if (bytes === undefined) throw unavailable(id, "the workspace does not have it");
      try {
        for await (const chunk of bytes) {
          signal.throwIfAborted();
          yield chunk;
        }
      } catch (error) {
        signal.throwIfAborted();
        throw unavailable(id, messageOf(error), error);
      }
    },
    async [Symbol.asyncDispose]() {
      await connection?.[Symbol.asyncDispose]();
      connection = undefined;
    },
  };
}

/** The platform's event in Opsthread's words. */
export function toMessage(event: MessageRecord, workspace: string): Message {
  const { id, channel, thread, actor, kind, text, attachments, at } = event;
  return {
    id,
    thread: { platform: "console", workspace, channel, thread },
    actor,
    kind,
    text,
    attachments,
    sentAt: at,
  };
}

/** Brings the artifacts' bytes to the platform. Nothing can be seen of them before the post. */
async function uploadAll(
  server: ConsoleServer,
  artifacts: readonly Artifact[],
  { signal, open }: { readonly signal: AbortSignal; readonly open: OpenArtifact },
): Promise<readonly NamedUpload[]> {
  const uploads: NamedUpload[] = [];
  for (const artifact of artifacts) {
    const { name, mediaType, bytes } = artifact;
    try {
      const content = await abortable(open(artifact), signal);
      const upload = content && (await server.upload(stoppable(content, signal)));
      uploads.push({ name, mediaType, bytes, upload });
    } catch (error) {
      signal.throwIfAborted();
      throw new OpsthreadError(
        "ADAPTER_POST_FAILED",
        `Cannot upload artifact "${name}": ${messageOf(error)}`,
        { cause: error },
      );
    }
  }
  return uploads;
}

async function* stoppable(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal.throwIfAborted();
    yield chunk;
  }
}

function settle(answer: PostAnswer): { readonly messageId: string } {
  switch (answer.type) {
    case "taken":
      return { messageId: answer.messageId };
    case "unavailable":
      throw postError("ADAPTER_POST_FAILED", "the console is not available");
    case "connection-lost":
      throw postError("ADAPTER_POST_UNKNOWN", "the connection was lost");
    case "rejected":
      throw postError("ADAPTER_POST_REJECTED", "the console refused it");
    case "wrong-thread":
      throw postError("ADAPTER_POST_REJECTED", "the console has no such channel or workspace");
    case "rate-limited":
      throw new OpsthreadError("ADAPTER_RATE_LIMITED", "Cannot post: too many posts", {
        data: { retryAfterMs: answer.retryAfterMs },
      });
    default:
      return answer satisfies never;
  }
}

function postError(
  code: "ADAPTER_POST_FAILED" | "ADAPTER_POST_UNKNOWN" | "ADAPTER_POST_REJECTED",
  problem: string,
): OpsthreadError {
  return new OpsthreadError(code, `Cannot post: ${problem}`);
}

function unavailable(id: string, problem: string, cause?: unknown): OpsthreadError {
  return isOpsthreadError(cause, "ATTACHMENT_UNAVAILABLE")
    ? cause
    : new OpsthreadError("ATTACHMENT_UNAVAILABLE", `Cannot download file "${id}": ${problem}`, {
        cause,
      });
}

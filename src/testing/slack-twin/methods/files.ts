import { z } from "zod";

import { fileJson } from "../events.ts";
import { Refusal } from "../refusal.ts";
import type { SlackFile, SlackMessage } from "../workspace.ts";
import { channelOf, type Method, threadIn } from "./method.ts";

/** Files: asked for, and brought in three steps. */
export const fileMethods: Readonly<Record<string, Method>> = {
  "files.info": {
    scope: "files:read",
    run(params, { workspace, url }) {
      const file = workspace.files.get(params.text("file"));
      params.nothingElse();
      if (!file) throw new Refusal("file_not_found");
      return { file: fileJson(file, url) };
    },
  },

  "files.getUploadURLExternal": {
    scope: "files:write",
    run(params, { workspace, url }) {
      const name = params.text("filename");
      const length = Number(params.text("length"));
      params.nothingElse();
      // An empty file is none: `no_file` of the former method.
      if (!Number.isInteger(length) || length < 1) throw new Refusal("invalid_arguments");
      const id = workspace.nextId("F");
      workspace.uploads.set(id, { name, length });
      return { upload_url: `${url}/upload/v1/${id}`, file_id: id };
    },
  },

  "files.completeUploadExternal": {
    scope: "files:write",
    run(params, slack) {
      const { workspace, events, url } = slack;
      const channel = channelOf(params, slack, "channel_id");
      const thread = threadIn(params, channel);
      const listed = Files.safeParse(params.json("files"));
      const text = params.optional("initial_comment") ?? "";
      params.nothingElse();
      if (!listed.success) throw new Refusal("invalid_arguments");
      const files = listed.data.map(({ id, title }): SlackFile => {
        const upload = workspace.uploads.get(id);
        if (!upload?.bytes) throw new Refusal("file_not_found");
        const name = title ?? upload.name;
        return { id, name, mimetype: mediaTypeOf(name), bytes: upload.bytes };
      });
      // "ok" says that it was asked for: https://docs.slack.dev/messaging/working-with-files
      const isLost = slack.faults.lostShares > 0;
      if (isLost) slack.faults.lostShares -= 1;
      for (const file of files) {
        workspace.uploads.delete(file.id);
        workspace.files.set(file.id, file);
      }
      if (isLost) return { files: files.map((file) => fileJson(file, url)) };
      const { userId, botId, appId } = workspace.bot;
      const message: SlackMessage = {
        ts: workspace.nextTs(),
        user: userId,
        bot_id: botId,
        app_id: appId,
        text,
        files,
        ...(thread !== undefined && { thread_ts: thread }),
      };
      for (const file of files)
        workspace.files.set(file.id, { ...file, shares: { [channel.id]: message.ts } });
      channel.messages.push(message);
      events.posted(channel, message);
      // Where they are shared is not told here: that comes about later.
      return { files: files.map((file) => fileJson(file, url)) };
    },
  },
};

/** Slack looks at the bytes, and takes its time for it; here the name says what it is. */
const mediaTypeOf = (name: string): string =>
  mediaTypes[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ""] ?? "application/octet-stream";

const mediaTypes: Readonly<Record<string, string>> = {
  gif: "image/gif",
  jpg: "image/jpeg",
  json: "application/json",
  log: "text/plain",
  md: "text/markdown",
  png: "image/png",
  txt: "text/plain",
};

const Files = z
  .array(z.strictObject({ id: z.string(), title: z.string().optional() }))
  .min(1)
  .max(100);

import type { Actor, Attachment } from "../../core/message.ts";
import type { Post, TurnUsage } from "../../core/post.ts";

/** What a person sees of one thread. */
export interface Transcript {
  readonly channel: string;
  readonly thread: string;
  readonly entries: readonly TranscriptEntry[];
  /** The bot's live progress lines, in Markdown. They are gone after a restart. */
  readonly progress: readonly { readonly key: string; readonly markdown: string }[];
}

export type TranscriptEntry =
  | {
      readonly type: "message";
      readonly id: string;
      readonly at: number;
      readonly kind: "mention" | "thread" | "stop";
      readonly actor: Actor;
      readonly text: string;
      readonly attachments: readonly Attachment[];
    }
  | {
      readonly type: "post";
      readonly id: string;
      readonly at: number;
      readonly key: string;
      readonly kind: Post["kind"];
      readonly markdown: string;
      readonly artifacts: readonly SavedArtifact[];
      /** What the turn took that ends with it. */
      readonly usage?: TurnUsage;
    }
  /** The platform itself tells the person something, such as that the bot refused. */
  | { readonly type: "system"; readonly id: string; readonly at: number; readonly text: string };

export interface SavedArtifact {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  /** Where the person finds the file; absent when retention had removed the bytes. */
  readonly path?: string;
}

/** What changed in a thread, as it happens. */
export type ConsoleChange =
  | { readonly type: "entry"; readonly thread: string; readonly entry: TranscriptEntry }
  | {
      readonly type: "progress";
      readonly thread: string;
      readonly key: string;
      /** Undefined when the line was taken away. */
      readonly markdown: string | undefined;
    };

import type { Adapter } from "../adapters/adapter.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { Attachment } from "../core/message.ts";
import { attachmentCases } from "./adapter-suite-attachments.ts";
import { inboundCases } from "./adapter-suite-inbound.ts";
import { openingCases } from "./adapter-suite-openings.ts";
import { postCases } from "./adapter-suite-posts.ts";
import { progressCases } from "./adapter-suite-progress.ts";
import { defineSuite, type SuiteOptions } from "./suite.ts";

/**
 * An adapter that a test has for itself, not started, on a platform whose other side the test plays: the person
 * who writes and looks, and the network that fails. Disposing disposes of the adapter, too.
 */
export interface AdapterUnderTest extends AsyncDisposable {
  readonly adapter: Adapter;
  /** Says something as a person. Without a thread it is said in a channel and names the bot. */
  readonly say: (said: SaidByPerson) => Promise<{ readonly thread: ThreadRef }>;
  /** A thread in which nobody said anything yet, for posts that nobody asked for. */
  readonly emptyThread: () => Promise<ThreadRef>;
  /** The bot's messages that a person finds in the thread, oldest first. Progress lines are not among them. */
  readonly posts: (thread: ThreadRef) => Promise<readonly SeenPost[]>;
  /** The progress lines that a person sees in the thread now. */
  readonly progress: (thread: ThreadRef) => Promise<readonly string[]>;
  /** What the platform or the adapter told the person besides posts, such as a refusal. */
  readonly notes: (thread: ThreadRef) => Promise<readonly string[]>;
  /** How many events the platform holds that were not acknowledged. */
  readonly unacknowledged: () => Promise<number>;
  /** Lets the time pass after which the platform delivers again what was not acknowledged. */
  readonly redeliver: () => Promise<void>;
  /** Lets the next post, or the next event, go wrong. */
  readonly fault: (fault: AdapterFault) => void;
  /** From now on the platform no longer has the file. */
  readonly loseFile: (attachment: Attachment) => void;
}

export interface SaidByPerson {
  readonly text: string;
  readonly actorId?: string;
  readonly thread?: ThreadRef;
  readonly files?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** One message of the bot. A long post may be several. */
export interface SeenPost {
  readonly messageId: string;
  /** The text as it went to the platform. */
  readonly text: string;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

export type AdapterFault =
  /** The next event arrives twice. */
  | { readonly type: "event-duplicated" }
  /** The platform is not available, and says so. */
  | { readonly type: "post-unavailable" }
  /** The connection breaks while posting, after the platform took the post, or before. */
  | { readonly type: "post-connection-lost"; readonly taken: boolean }
  | { readonly type: "post-rejected" }
  | { readonly type: "post-rate-limited"; readonly retryAfterMs: number };

export type AdapterCases = Readonly<Record<string, (subject: AdapterUnderTest) => Promise<void>>>;

/**
 * What every driver of the {@link Adapter} port must do.
 *
 * @example
 * adapterSuite({ test, open: async () => openMyAdapterOnATwinOfThePlatform() });
 */
export function adapterSuite(
  options: SuiteOptions & { readonly open: () => Promise<AdapterUnderTest> },
): void {
  const cases = {
    ...inboundCases,
    ...attachmentCases,
    ...postCases,
    ...progressCases,
    ...openingCases,
  };
  defineSuite(cases, options);
}

import { channelTypes, isForum } from "./channel-types.ts";
import type { DiscordEvents } from "./events.ts";
import { invalidForm, refusals } from "./refusal.ts";
import type { DiscordState, TwinChannel } from "./state.ts";

/** Opens a thread; on a message, where `id` is given, which then is the thread's own id. */
export function openThread(
  { state, events }: { readonly state: DiscordState; readonly events: DiscordEvents },
  parent: TwinChannel,
  {
    id = state.nextId(),
    name,
    owner,
    autoArchiveMinutes = 1440,
    isPrivate = false,
  }: {
    readonly id?: string;
    readonly name: string;
    readonly owner: string;
    readonly autoArchiveMinutes?: number;
    readonly isPrivate?: boolean;
  },
): TwinChannel {
  if (!state.may(owner, parent, "VIEW_CHANNEL")) throw refusals.missingAccess();
  const needed = isForum(parent.type)
    ? "SEND_MESSAGES"
    : isPrivate
      ? "CREATE_PRIVATE_THREADS"
      : "CREATE_PUBLIC_THREADS";
  if (!state.may(owner, parent, needed)) throw refusals.missingPermissions();
  const type = threadTypeIn(parent.type, isPrivate);
  if (type === undefined) throw refusals.wrongChannelType();
  if (state.channel(id)) throw refusals.threadExists();
  if (name.trim() === "" || name.length > 100)
    throw invalidForm(["name"], "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.");
  if (!archiveAfter.includes(autoArchiveMinutes))
    throw invalidForm(["auto_archive_duration"], "BASE_TYPE_CHOICES", "Not one of them");
  const thread: TwinChannel = {
    id,
    type,
    name,
    guildId: state.guildOf(parent.guildId).id,
    parentId: parent.id,
    overwrites: [],
    messages: [],
    thread: {
      archived: false,
      locked: false,
      autoArchiveMinutes,
      activeAt: state.clock.now(),
      ownerId: owner,
    },
  };
  state.guildOf(parent.guildId).channels.set(id, thread);
  events.threadCreated(thread);
  return thread;
}

/** Of which type a thread in a channel is; undefined where none can be. */
function threadTypeIn(parent: number, isPrivate: boolean): number | undefined {
  if (parent === channelTypes.text)
    return isPrivate ? channelTypes.privateThread : channelTypes.thread;
  if (isPrivate) return undefined;
  if (parent === channelTypes.announcement) return channelTypes.announcementThread;
  return isForum(parent) ? channelTypes.thread : undefined;
}

const archiveAfter = [60, 1440, 4320, 10_080];

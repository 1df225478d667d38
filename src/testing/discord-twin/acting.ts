import { buttonsOf, selectsOf } from "./components.ts";
import { payloadOf } from "./interaction-payload.ts";
import type { Interactions, TwinInteraction } from "./interactions.ts";
import { fileJson, type JsonContext, messageJson } from "./json.ts";
import { formOf } from "./routes/interactions.ts";
import type { CommandBook } from "./server-side.ts";
import type { DiscordState, TwinMessage } from "./state.ts";

export interface Acting {
  /** A channel or a thread. */
  readonly channel?: string;
  readonly user?: string;
}

/** What came of something that somebody did: read it when the bot had its time. */
export interface Acted {
  readonly id: string;
  /** The kind of the answer and how long it took; undefined as long as there is none. */
  readonly answered: { readonly type: number; readonly afterMs: number } | undefined;
  /** Where the answer hangs, when that is a message. */
  readonly messageId: string | undefined;
  readonly isEphemeral: boolean;
  readonly choices: readonly string[];
  /** Whether a form was shown. */
  readonly hasForm: boolean;
}

/** What people do besides writing: commands, menus, buttons, lists and forms. */
export interface DiscordActing {
  /** `/ops run task:logs` is `command({ name: "ops", sub: "run", options: { task: "logs" } })`. */
  command(
    given: Acting & {
      readonly name?: string;
      readonly sub: string;
      readonly options?: Readonly<Record<string, string>>;
      readonly files?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
    },
  ): Acted;
  /** Types into an option; the choices come back. */
  complete(
    given: Acting & {
      readonly name?: string;
      readonly sub: string;
      readonly option: string;
      readonly typed: string;
    },
  ): Acted;
  /** Opens the menu of a message. */
  menu(given: Acting & { readonly name: string; readonly message: string }): Acted;
  /** Presses the button with this label. */
  press(given: Acting & { readonly message: string; readonly label: string }): Acted;
  /** Chooses from the list of what the bot answered with, or of a message. */
  choose(given: Acting & { readonly of: string; readonly value: string }): Acted;
  /** Fills in the form that was shown. */
  submit(given: Acting & { readonly form: Acted; readonly text: string }): Acted;
}

export function discordActing({
  state,
  interactions,
  commands,
  context,
  deliver,
}: {
  readonly state: DiscordState;
  readonly interactions: Interactions;
  readonly commands: CommandBook;
  readonly context: () => JsonContext;
  readonly deliver: (payload: object, guildId: string | undefined) => void;
}): DiscordActing {
  const ops = [...state.guild.channels.values()][0]?.id ?? "";
  const begin = (
    type: number,
    { channel: id = ops, user = "person" }: Acting,
    {
      data,
      source,
      label,
      only,
    }: {
      readonly data: object;
      readonly source?: TwinMessage;
      readonly label?: string;
      readonly only?: string;
    },
  ): Acted => {
    const channel = state.channel(id);
    if (!channel) throw new TypeError(`No channel ${id}`);
    if (only !== undefined && only !== user) throw new TypeError(`Only ${only} sees that`);
    if (channel.guildId !== undefined && !state.may(user, channel, "USE_APPLICATION_COMMANDS"))
      throw new TypeError(`${user} may use no commands there`);
    const begun = interactions.begin({
      type,
      user,
      channelId: id,
      ...(source && { source }),
      ...(label && { label }),
    });
    deliver(payloadOf(begun, { channel, data, state, context: context() }), channel.guildId);
    return seen(begun);
  };
  const registered = (name: string, type: number): string => {
    const all = [...commands.byPlace.values()].flat();
    const found = all.find((each) => each["name"] === name && (each["type"] ?? 1) === type);
    if (!found) throw new TypeError(`No command ${name} is registered`);
    return found.id;
  };
  const messageOf = (id: string): TwinMessage => {
    const channels = [...state.guildChannels(), ...state.direct.values()];
    const found = channels.flatMap(({ messages }) => messages).find((message) => message.id === id);
    if (!found) throw new TypeError(`No message ${id}`);
    return found;
  };
  return {
    command({ name = "ops", sub, options = {}, files = [], ...where }) {
      const kept = files.map(({ name: file, bytes }) => ({
        id: state.nextId(),
        name: file,
        mediaType: "application/octet-stream",
        bytes: Buffer.from(bytes),
      }));
      for (const file of kept) state.commandFiles.set(file.id, file);
      const given = Object.entries(options).map(([option, value]) => ({
        name: option,
        type: 3,
        value,
      }));
      const attached = kept.map(({ id }, index) => ({
        name: `file${index === 0 ? "" : index + 1}`,
        type: 11,
        value: id,
      }));
      const data = {
        id: registered(name, 1),
        name,
        type: 1,
        options: [{ name: sub, type: 1, options: [...given, ...attached] }],
        resolved: {
          attachments: Object.fromEntries(
            kept.map((file) => [file.id, fileJson(file, "commands", context())]),
          ),
        },
      };
      return begin(2, where, { data });
    },
    complete({ name = "ops", sub, option, typed, ...where }) {
      const options = [{ name: option, type: 3, value: typed, focused: true }];
      const data = {
        id: registered(name, 1),
        name,
        type: 1,
        options: [{ name: sub, type: 1, options }],
      };
      return begin(4, where, { data });
    },
    menu({ name, message: id, ...where }) {
      const message = messageOf(id);
      const data = {
        id: registered(name, 3),
        name,
        type: 3,
        target_id: id,
        // A menu shows the app the message whatever its intents are.
        resolved: { messages: { [id]: messageJson(message, context()) } },
      };
      return begin(2, { channel: message.channelId, ...where }, { data });
    },
    press({ message: id, label, ...where }) {
      const source = messageOf(id);
      const button = buttonsOf(source.components).find((each) => each.label === label);
      if (!button || button.isDisabled) throw new TypeError(`No button "${label}"`);
      const data = { component_type: 2, custom_id: button.customId };
      const only = source.onlyFor !== undefined && { only: source.onlyFor };
      return begin(3, { channel: source.channelId, ...where }, { data, source, label, ...only });
    },
    choose({ of, value, ...where }) {
      const source = messageOf(of);
      const list = selectsOf(source.components).find(({ values }) => values.includes(value));
      if (!list) throw new TypeError(`Nothing to choose is called "${value}"`);
      const data = { component_type: 3, custom_id: list.customId, values: [value] };
      return begin(3, { channel: source.channelId, ...where }, { data, source });
    },
    submit({ form: { id }, text, ...where }) {
      const shown = interactions.all.find((each) => each.id === id);
      if (!shown?.modal) throw new TypeError("No form was shown");
      const { customId, inputs } = formOf(shown.modal);
      const components = inputs.map((input) => ({
        type: 18,
        component: { type: 4, custom_id: input, value: text },
      }));
      const data = { custom_id: customId, components };
      return begin(5, { channel: shown.channelId, user: shown.user, ...where }, { data });
    },
  };
}

function seen(interaction: TwinInteraction): Acted {
  return {
    id: interaction.id,
    get answered() {
      return interaction.answered;
    },
    get messageId() {
      return interaction.original?.id;
    },
    get isEphemeral() {
      return interaction.original?.onlyFor !== undefined;
    },
    get choices() {
      return interaction.choices?.map(({ value }) => value) ?? [];
    },
    get hasForm() {
      return interaction.modal !== undefined;
    },
  };
}

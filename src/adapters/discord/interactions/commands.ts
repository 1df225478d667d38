import type { Inbound } from "../../adapter.ts";
import { text } from "../layout.ts";
import { escaped } from "../markdown.ts";

/** Commands as they are registered: https://discord.com/developers/docs/interactions/application-commands */
export function commandsOf(name: string): readonly CommandDefinition[] {
  const file = (count: number): object => ({
    type: optionTypes.attachment,
    name: `file${count === 1 ? "" : count}`,
    description: "A file to work on",
  });
  const files = [1, 2, 3].map(file);
  return [
    {
      type: 1,
      name,
      description: "Ops work in a thread",
      options: [
        {
          type: optionTypes.subcommand,
          name: "ask",
          description: "Ask for something; without words a form opens",
          options: [
            { type: optionTypes.string, name: "request", description: "What is to be done" },
            ...files,
          ],
        },
        {
          type: optionTypes.subcommand,
          name: "run",
          description: "Run a task by its name",
          options: [
            {
              type: optionTypes.string,
              name: "task",
              description: "Which one",
              required: true,
              autocomplete: true,
            },
            { type: optionTypes.string, name: "input", description: "What it is to work on" },
            ...files,
          ],
        },
        {
          type: optionTypes.subcommand,
          name: "stop",
          description: "Stop what runs in this thread",
        },
        {
          type: optionTypes.subcommand,
          name: "help",
          description: "What can be asked for",
        },
      ],
    },
    { type: 3, name: menuName },
  ];
}

export interface CommandDefinition {
  /** 1: typed. 3: in the menu of a message. */
  readonly type: 1 | 3;
  readonly name: string;
  readonly description?: string;
  readonly options?: readonly object[];
}

export const menuName = "Ask Opsthread";
const optionTypes = { subcommand: 1, string: 3, attachment: 11 } as const;

type Tasks = Inbound["tasks"];

/** What can be asked for, with a list to choose from. */
export function helpOf(name: string, tasks: Tasks): readonly object[] {
  const lines = tasks.map((task) => `- **${escaped(task.name)}**: ${escaped(task.title)}`);
  const chooser = {
    type: 1,
    components: [
      {
        type: 3,
        custom_id: taskSelect,
        placeholder: "Run a task…",
        options: tasks.slice(0, maxChoices).map((task) => ({
          label: task.name.slice(0, 100),
          value: task.name.slice(0, 100),
          description: task.title.slice(0, 100),
        })),
      },
    ],
  };
  return [
    text(
      [
        `\`/${name} ask\` or a mention: say what is to be done; the answer comes in a thread.`,
        `\`/${name} run\`: one of these tasks.`,
        ...lines,
        `\`/${name} stop\` in a thread, or the word stop: ends what runs there.`,
      ]
        .join("\n")
        .slice(0, 4000),
    ),
    ...(tasks.length > 0 ? [chooser] : []),
  ];
}

/** Tasks whose name or title has what was typed, those that begin with it first. */
export function suggested(
  typed: string,
  tasks: Tasks,
): readonly { readonly name: string; readonly value: string }[] {
  const wanted = typed.trim().toLowerCase();
  const fits = tasks.filter(({ name, title }) => `${name} ${title}`.toLowerCase().includes(wanted));
  const first = (name: string): number => (name.toLowerCase().startsWith(wanted) ? 0 : 1);
  return fits
    .toSorted((a, b) => first(a.name) - first(b.name))
    .slice(0, maxChoices)
    .map(({ name, title }) => ({ name: `${name}: ${title}`.slice(0, 100), value: name }));
}

const maxChoices = 25;

/** The ids of forms and lists, and what they are about. */
export const taskSelect = "opsthread-task";
export const forms = {
  ask: "opsthread-ask",
  run: "opsthread-run",
  about: "opsthread-about",
} as const;

/** A form with one field for what is too long for a line. */
export function formOf({
  id,
  title,
  label,
  isRequired = true,
}: {
  readonly id: string;
  readonly title: string;
  readonly label: string;
  readonly isRequired?: boolean;
}): object {
  return {
    custom_id: id,
    title: title.slice(0, 45),
    components: [
      {
        type: 18,
        label,
        component: {
          type: 4,
          custom_id: formField,
          style: 2,
          max_length: 4000,
          required: isRequired,
        },
      },
    ],
  };
}

export const formField = "request";

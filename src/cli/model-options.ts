import { type Command, Option } from "commander";

import type { Compaction, ModelKeys, ModelUrls } from "../open-model.ts";

/** What a command is told of the model that is to answer. */
export interface ModelFlags {
  readonly model?: readonly string[];
  readonly compaction?: Compaction;
}

/** Adds the options that choose a model. */
export function withModelOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--model <name>",
        "openai/<model>, anthropic/<model>, http://host/v1#<model> or offline; repeated: who is asked when the one before can't answer",
      )
        .env("OPSTHREAD_MODEL")
        .argParser((value: string, before: readonly string[] | undefined) => [
          ...(before ?? []),
          ...value.split(",").map((name) => name.trim()),
        ]),
    )
    .addOption(
      new Option(
        "--compaction <by>",
        "who makes long conversations shorter: the bot itself, or the provider of a single model where it can",
      )
        .env("OPSTHREAD_COMPACTION")
        .choices(["own", "provider"] satisfies Compaction[]),
    );
}

/** Where keys are, besides from people. */
export function keysOf(env: NodeJS.ProcessEnv): ModelKeys {
  return {
    openai: env["OPENAI_API_KEY"],
    anthropic: env["ANTHROPIC_API_KEY"],
    compatible: env["OPSTHREAD_MODEL_KEY"],
  };
}

/** The variables that the vendors' own tools read, too. */
export function urlsOf(env: NodeJS.ProcessEnv): ModelUrls {
  return { openai: env["OPENAI_BASE_URL"], anthropic: env["ANTHROPIC_BASE_URL"] };
}

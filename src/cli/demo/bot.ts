import { join } from "node:path";

import {
  consoleAdapter,
  type ConsoleWorkspace,
  openConsoleWorkspace,
} from "../../adapters/console/index.ts";
import { type Bot, createBot } from "../../bot.ts";
import type { Logger } from "../../core/logger.ts";
import type { SandboxConfig } from "../../open-sandboxes.ts";
import { settled } from "../settled.ts";
import { ada, ben } from "./script.ts";

/** The demo's bot and the chat workspace that it lives in. The workspace keeps what was said when the bot dies. */
export interface DemoBot extends AsyncDisposable {
  readonly workspace: ConsoleWorkspace;
  readonly bot: Bot;
  /** Resolves when everything that was said is answered. */
  settled(): Promise<void>;
}

export async function openDemoBot(
  folder: string,
  { log, sandbox }: { readonly log: Logger; readonly sandbox: SandboxConfig },
): Promise<DemoBot> {
  const workspace = await openConsoleWorkspace({ dir: join(folder, "chat") });
  const inWorkspace = (id: string): string => `console:${workspace.id}:${id}`;
  const bot = await createBot({
    adapters: [consoleAdapter({ workspace })],
    access: {
      users: [inWorkspace(ada.id), inWorkspace(ben.id)],
      channels: [inWorkspace("incidents"), inWorkspace("deploys")],
    },
    dataFolder: join(folder, "bot"),
    sandbox,
    log,
  });
  return {
    workspace,
    bot,
    settled: () => settled(workspace, bot),
    async [Symbol.asyncDispose]() {
      await bot.stop();
      await workspace[Symbol.asyncDispose]();
    },
  };
}

import { z } from "zod";

import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";
import { ok } from "./tool-output.ts";

const AskInput = z.object({
  question: z.string().min(1).describe("One clear question, as CommonMark, with the choices named"),
});

/** Asks the thread a question and ends the turn; the answer comes as the next message. */
export function askTool(): Tool<z.output<typeof AskInput>> {
  return defineTool({
    name: "ask",
    description:
      "Asks the people in the thread a question and ends this turn. Use it only when you cannot go on without the answer.",
    input: AskInput,
    effect: "pure",
    endsTurn: true,
    needsApproval: false,
    run: async ({ question }) => ok(question),
  });
}

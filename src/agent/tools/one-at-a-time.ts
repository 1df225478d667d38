import { abortable } from "../../core/abort.ts";
import type { Tool } from "../tool.ts";

/**
 * Lets the calls of these tools wait for each other within a session, in their order. Calls of one step run side by side: two
 * changes of one file would both begin with it as it was, and one of them would be lost while both are told to be done.
 */
export function oneAtATime(): <Input>(tool: Tool<Input>) => Tool<Input> {
  const last = new Map<string, Promise<void>>();
  return (tool) => ({
    ...tool,
    run(input, context) {
      const { signal, session } = context;
      const { sessionId } = session;
      const before = last.get(sessionId);
      const run = async () => {
        await before;
        signal.throwIfAborted();
        return tool.run(input, context);
      };
      const running = run();
      const leave = (): void => {
        if (last.get(sessionId) === over) last.delete(sessionId);
      };
      // Whoever comes next does not wait for a call that was told to end and does not.
      const over: Promise<void> = abortable(running, signal).then(leave, leave);
      last.set(sessionId, over);
      return running;
    },
  });
}

import {
  type Model as PeerModel,
  type ModelResponse as PeerResponse,
  Agent,
  Runner,
  tool,
  Usage,
} from "@openai/agents";
import { z } from "zod";

const peerLook = tool({
  name: "look",
  description: "Looks",
  parameters: z.object({ x: z.number() }),
  execute: () => Promise.resolve("12345678901234567890"),
});

/** A run of `size` calls and an answer. */
export async function runPeer(size: number): Promise<void> {
  let step = 0;
  const model: PeerModel = {
    getResponse(): Promise<PeerResponse> {
      step += 1;
      const usage = new Usage({ requests: 1, inputTokens: 1, outputTokens: 1, totalTokens: 2 });
      if (step > size)
        return Promise.resolve({
          usage,
          output: [
            {
              type: "message",
              role: "assistant",
              status: "completed",
              content: [{ type: "output_text", text: "done" }],
            },
          ],
        });
      return Promise.resolve({
        usage,
        output: [
          {
            type: "function_call",
            callId: `call_${step}`,
            name: "look",
            status: "completed",
            arguments: '{"x":1}',
          },
        ],
      });
    },
    async *getStreamedResponse() {},
  };
  const agent = new Agent({ name: "bench", model, tools: [peerLook] });
  const runner = new Runner({ tracingDisabled: true });
  const result = await runner.run(agent, "go", { maxTurns: size + 10 });
  if (result.finalOutput !== "done") throw new Error("The peer did not end as scripted");
}

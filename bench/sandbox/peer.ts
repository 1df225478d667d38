/** The local Docker client of `@openai/agents`, used as its documentation says. */
import { Runner } from "@openai/agents";
import {
  type DockerSandboxClientOptions,
  type DockerSandboxSession,
  DockerSandboxClient,
  SandboxAgent,
  shell,
} from "@openai/agents/sandbox/local";
import { assistantMessage, functionCall, ScriptedModel } from "@openai/agents/testing";

export const peerName = "@openai/agents 0.20.0";

/** Without a network, as ours are when nothing is granted. */
export function peerClient(image: string, options: DockerSandboxClientOptions = {}) {
  return new DockerSandboxClient({ image, networkMode: "none", ...options });
}

export async function peerExec(session: DockerSandboxSession, cmd: string): Promise<void> {
  const { exitCode, output } = await session.exec({ cmd });
  if (exitCode !== 0) throw new Error(`The peer's "${cmd}" ended with ${exitCode}: ${output}`);
}

/** What the model gets to see of one command that an agent runs in the sandbox. */
export async function peerTurn(
  session: DockerSandboxSession,
  call: Readonly<Record<string, unknown>>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<string> {
  const model = new ScriptedModel([
    [functionCall("exec_command", { ...call }, { callId: "call_1" })],
    [assistantMessage("done")],
  ]);
  const agent = new SandboxAgent({ name: "bench", model, capabilities: [shell()] });
  const runner = new Runner({ tracingDisabled: true });
  await runner.run(agent, "go", { sandbox: { session }, ...(signal && { signal }) });
  const input = model.lastCall?.request.input;
  const item = Array.isArray(input)
    ? input.find(({ type }) => type === "function_call_result")
    : undefined;
  return JSON.stringify(item ?? "");
}

import { createHash } from "node:crypto";

import type { ModelRequest } from "../../model.ts";
import type { Input } from "./input.ts";
import type { Settings } from "./settings.ts";
import { toolsOf } from "./tools.ts";

/** The body of `POST /responses`. https://platform.openai.com/docs/api-reference/responses/create */
export function requestBody(
  settings: Settings,
  request: ModelRequest,
  { input, previousResponseId }: Input,
): object {
  const { model, compactAtTokens, isStored } = settings;
  const {
    maxOutputTokens = settings.maxOutputTokens,
    temperature,
    effort,
  } = request.settings ?? {};
  const reasoning =
    settings.reasons && effort ? { ...settings.reasoning, effort } : settings.reasoning;
  const tools = toolsOf(request.tools, settings);
  return {
    prompt_cache_key: request.sessionKey,
    // At most 64 characters, and nothing that can be led back to a person.
    safety_identifier: createHash("sha256").update(request.sessionKey).digest("hex"),
    // By it a response whose id was lost in a crash can be recognised in the vendor's logs.
    metadata: { step: request.stepKey },
    ...(settings.reasons && { include: ["reasoning.encrypted_content"] }),
    ...(reasoning && { reasoning }),
    ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
    // Models that reason refuse it.
    ...(temperature !== undefined && !settings.reasons && { temperature }),
    ...(compactAtTokens !== undefined &&
      isStored && {
        context_management: [{ type: "compaction", compact_threshold: compactAtTokens }],
      }),
    ...settings.extra,
    model,
    // They are not carried over from the previous response.
    instructions: request.instructions,
    input,
    ...(previousResponseId !== undefined && { previous_response_id: previousResponseId }),
    ...(tools.length > 0 && { tools, tool_choice: request.toolChoice }),
    store: isStored,
    stream: true,
    ...(settings.isBackground && { background: true }),
  };
}

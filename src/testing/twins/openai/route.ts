import type { TwinReply, TwinRequest } from "../http-twin.ts";
import { ApiError, notFound } from "./api-error.ts";
import { compactConversation, countInputTokens } from "./context.ts";
import { createResponse, type Service } from "./create.ts";
import { cancelResponse, deleteResponse, getResponse, listInputItems } from "./stored.ts";

/** The endpoints that there are. */
export async function route(
  service: Service,
  {
    models,
    request,
    reply,
  }: {
    readonly models: Readonly<Record<string, number>>;
    readonly request: TwinRequest;
    readonly reply: TwinReply;
  },
): Promise<void> {
  const { method, path } = request;
  const [version, resource, name = "", action = "", ...more] = path.slice(1).split("/");
  const id = decodeURIComponent(name);
  if (version !== "v1" || more.length > 0) throw unknownUrl(request);
  if (resource === "models" && method === "GET" && action === "") {
    return await reply.json(200, id === "" ? listOf(models) : modelOf(models, id));
  }
  if (resource !== "responses") throw unknownUrl(request);
  switch (`${method} ${action}`) {
    case "POST ":
      if (id === "") return await createResponse(service, request, reply);
      if (id === "input_tokens") return await countInputTokens(service, request, reply);
      if (id === "compact") return await compactConversation(service, request, reply);
      throw unknownUrl(request);
    case "GET ":
      return await getResponse(service, id, { request, reply });
    case "DELETE ":
      return await deleteResponse(service, id, reply);
    case "POST cancel":
      return await cancelResponse(service, id, reply);
    case "GET input_items":
      return await listInputItems(service, id, { request, reply });
    default:
      throw unknownUrl(request);
  }
}

function unknownUrl({ method, path }: TwinRequest): ApiError {
  return notFound(`Invalid URL (${method} ${path})`);
}

/** https://platform.openai.com/docs/api-reference/models */
function listOf(models: Readonly<Record<string, number>>): unknown {
  return { object: "list", data: Object.keys(models).map((id) => modelOf(models, id)) };
}

function modelOf(models: Readonly<Record<string, number>>, id: string): unknown {
  if (id in models) return { id, object: "model", created: 0, owned_by: "openai" };
  throw new ApiError(404, {
    message: `The model '${id}' does not exist`,
    type: "invalid_request_error",
    param: "model",
    code: "model_not_found",
  });
}

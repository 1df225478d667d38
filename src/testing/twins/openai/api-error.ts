/** What the API says when it refuses. https://platform.openai.com/docs/guides/error-codes */
export interface ErrorBody {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** Thrown where a rule of the API is broken; answered as `{ error }` with its status. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, body: ErrorBody) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

/** A 400: the request must change before it is sent again. */
export function invalidRequest(
  message: string,
  param: string | null,
  code: string | null = null,
): ApiError {
  return new ApiError(400, { message, type: "invalid_request_error", param, code });
}

export function notFound(message: string, param: string | null = null): ApiError {
  return new ApiError(404, { message, type: "invalid_request_error", param, code: null });
}

/** 500: the test's script and the driver do not fit together. It is nothing that the API would say. */
export function scriptMistake(message: string): ApiError {
  return new ApiError(500, { message, type: "server_error", param: null, code: "script" });
}

/** What S3 answers in the place of what was asked. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;
  /** Further elements of the answer. */
  readonly facts: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    facts: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.facts = facts;
  }
}

export const invalidRequest = (message: string): S3Refusal =>
  new S3Refusal(400, "InvalidRequest", message);

export const preconditionFailed = (condition: string): S3Refusal =>
  new S3Refusal(
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
    { Condition: condition },
  );

export const noSuchKey = (key: string): S3Refusal =>
  new S3Refusal(404, "NoSuchKey", "The specified key does not exist.", { Key: key });

export const noSuchUpload = (): S3Refusal =>
  new S3Refusal(
    404,
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  );

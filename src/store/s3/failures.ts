import { isOpsthreadError, messageOf, OpsthreadError } from "../../core/errors.ts";

/** What is known of a failed request. The SDK types none of it. */
interface Failure {
  readonly name: string;
  readonly code: string;
  readonly status: number | undefined;
  readonly region: string | undefined;
}

export interface Place {
  readonly bucket: string;
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
}

/** What S3 said, with what to do about it. */
export function explain(error: unknown, action: string, place: Place): unknown {
  if (isOpsthreadError(error)) return error;
  const failure = failureOf(error);
  const advice = adviceFor(failure, place);
  const said = messageOf(error).trim();
  const words = said === "" || said === "UnknownError" ? failure.name : said;
  return new OpsthreadError(
    "BLOBS_UNAVAILABLE",
    `Cannot ${action} in bucket "${place.bucket}"${place.endpoint === undefined ? "" : ` at ${place.endpoint}`}: ${advice ?? `S3 says ${failure.name}`} (${words})`,
    {
      cause: error,
      data: {
        reason: failure.name,
        ...(failure.status !== undefined && { status: failure.status }),
      },
    },
  );
}

export function failureOf(error: unknown): Failure {
  const { name, code, $metadata, $response, Region }: Record<string, unknown> = Object(error);
  const { httpStatusCode }: Record<string, unknown> = Object($metadata);
  const { headers }: Record<string, unknown> = Object($response);
  const { "x-amz-bucket-region": told }: Record<string, unknown> = Object(headers);
  const text = (value: unknown): string | undefined =>
    typeof value === "string" && value !== "" ? value : undefined;
  return {
    name: text(name) ?? "Error",
    code: text(code) ?? "",
    status: typeof httpStatusCode === "number" ? httpStatusCode : undefined,
    region: text(told) ?? text(Region),
  };
}

/** Whether there is no such key, or whatever else was asked for. */
export const isMissing = (error: unknown): boolean => failureOf(error).status === 404;

function adviceFor(failure: Failure, { endpoint, region }: Place): string | undefined {
  const { name, code, status } = failure;
  const where = endpoint ?? "Amazon S3";
  if (code in network) return `${where} can't be reached: ${network[code] ?? code}`;
  if (name === "TimeoutError") return `${where} does not answer. Look at the network`;
  if (/CERT|SELF_SIGNED|ALTNAME/.test(code))
    return `the certificate of ${where} is not trusted. Give its authority by NODE_EXTRA_CA_CERTS`;
  if (name === "CredentialsProviderError")
    return "there are no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name where they are in the configuration of blobs";
  if (wrongRegion.has(name) || status === 301)
    return `the bucket is in ${failure.region === undefined ? "another region" : `region "${failure.region}"`}, not in ${region === undefined ? "the one that is set" : `"${region}"`}. Set the region of blobs to it`;
  if (name in answers) return answers[name];
  if (status === 403) return answers["AccessDenied"];
  if (status === 404) return answers["NoSuchBucket"];
  if (status !== undefined && status >= 500)
    return `${where} failed (${status}), also when it was asked again`;
  return undefined;
}

const network: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there. Look at the endpoint and its port",
  ECONNRESET: "it cuts the connection. Look at the network, and whether the endpoint speaks TLS",
  ENOTFOUND: "there is no such host. Look at the endpoint's name",
  EAI_AGAIN: "its name can't be looked up. Look at the network",
  EHOSTUNREACH: "there is no way to it. Look at the network",
  ETIMEDOUT: "it does not answer. Look at the network",
  EPROTO: "it does not speak TLS as it should. Look at http or https in the endpoint",
};

const wrongRegion = new Set([
  "PermanentRedirect",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
]);

const answers: Readonly<Record<string, string>> = {
  NoSuchBucket: "there is no such bucket. Make it, or name another one",
  AccessDenied:
    "access is denied. Allow s3:GetObject, PutObject, DeleteObject, AbortMultipartUpload, ListBucket and ListBucketMultipartUploads on it",
  InvalidAccessKeyId: "the access key is not known there. Look at the credentials",
  SignatureDoesNotMatch: "the secret key is not the one of the access key. Look at the credentials",
  ExpiredToken: "the credentials have expired. Renew them",
  RequestTimeTooSkewed:
    "the clock of this machine is wrong by more than 15 minutes. Set it, best by NTP",
  SlowDown: "it is asked too much of it, also after waiting. Try later",
  InvalidBucketName: "that is no name of a bucket",
};

import { createHash, createHmac, timingSafeEqual } from "node:crypto";

import type { S3Request } from "./request.ts";
import { invalidRequest, S3Refusal } from "./s3-error.ts";

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Checks the signature as S3 does, over what really came.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function checkSignature(
  request: S3Request,
  { keys, region, now }: { readonly keys: Keys; readonly region: string; readonly now: number },
): void {
  const { headers } = request;
  const parsed =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.get("authorization") ?? "",
    );
  if (!parsed) throw new S3Refusal(403, "AccessDenied", "Access Denied");
  const [, accessKeyId = "", day = "", scope = "", names = "", signature = ""] = parsed;
  const time = headers.get("x-amz-date") ?? "";
  if (Math.abs(timeOf(time) - now) > skewMs || !time.startsWith(day))
    throw new S3Refusal(
      403,
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
      { ServerTime: new Date(now).toISOString() },
    );
  if (scope !== region)
    throw new S3Refusal(
      400,
      "AuthorizationHeaderMalformed",
      `The authorization header is malformed; the region '${scope}' is wrong; expecting '${region}'`,
      { Region: region },
    );
  if (accessKeyId !== keys.accessKeyId)
    throw new S3Refusal(
      403,
      "InvalidAccessKeyId",
      "The AWS Access Key Id you provided does not exist in our records.",
    );
  const signed = names.split(";");
  const mustSign = [...headers.keys()].filter((name) => name.startsWith("x-amz-"));
  for (const name of ["host", ...mustSign])
    if (!signed.includes(name)) throw new S3Refusal(403, "AccessDenied", `${name} is not signed`);
  const hash = headers.get("x-amz-content-sha256");
  if (hash === undefined) throw invalidRequest("Missing required header: x-amz-content-sha256");
  const text = [
    "AWS4-HMAC-SHA256",
    time,
    `${day}/${region}/s3/aws4_request`,
    sha256(canonical(request, signed, hash)),
  ].join("\n");
  const expected = hmac(signingKey(keys.secretAccessKey, { day, region }), text);
  if (timingSafeEqual(expected, Buffer.from(signature, "hex"))) return;
  throw new S3Refusal(
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  );
}

/** Both ways: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList */
const skewMs = 15 * 60_000;

function timeOf(text: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) || 0;
}

function canonical(
  { method, rawPath, rawQuery, headers }: S3Request,
  signed: readonly string[],
  hash: string,
): string {
  const query = rawQuery
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => (pair.includes("=") ? pair : `${pair}=`))
    .toSorted((a, b) => (a < b ? -1 : 1));
  const lines = signed.map(
    (name) => `${name}:${(headers.get(name) ?? "").trim().replaceAll(/ +/g, " ")}\n`,
  );
  return [method, rawPath, query.join("&"), lines.join(""), signed.join(";"), hash].join("\n");
}

function signingKey(
  secret: string,
  { day, region }: { readonly day: string; readonly region: string },
): Buffer {
  return [day, region, "s3", "aws4_request"].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secret}`),
  );
}

const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Whether a value of this name is a secret, told from the words of the name alone. */
export function isSecretKey(name: string): boolean {
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  const joined = words.join("");
  if (name === "PASS" || names.has(joined)) return false;
  if (secretUrl.test(joined)) return true;
  if (describing.has(last)) return false;
  if (secretAnywhere.test(joined)) return true;
  if (/tokens?$/.test(last)) return !words.some((word) => counting.has(word));
  if (secretLast.has(last)) return true;
  const before = words.at(-2) ?? "";
  if (last !== "key" && last !== "keys") return false;
  return keyOf.has(before) || (/^[A-Z0-9_]+_KEYS?$/.test(name) && !harmlessKeyOf.has(before));
}

/** Whether the name tells about a secret without being one: `secretName`, `tokenTtl`, `passwordFile`. */
export function isDescribingKey(name: string): boolean {
  return describing.has(wordsOf(name).at(-1) ?? "");
}

/**
 * - `named`: text and numbers in it are secret, save under a describing key;
 * - `all`: everything in it is secret.
 */
export type Secrecy = "none" | "named" | "all";

/**
 * How secret each member of one object is: by the member's name, by the object being a Kubernetes Secret, or because
 * the object is a pair such as `{ name: "DB_PASSWORD", value: … }`. `read` gives a member's value by its name.
 */
export function memberSecrecy(
  read: (key: string) => unknown,
  isSecret: (name: string) => boolean = isSecretKey,
): (key: string) => Secrecy {
  const kubernetesSecret = read("kind") === "Secret";
  const named = pairNames.some((key) => {
    const name = read(key);
    return typeof name === "string" && isSecret(name);
  });
  return (key) => {
    if (kubernetesSecret && (key === "data" || key === "stringData")) return "all";
    if (named && pairValues.has(key.toLowerCase())) return "all";
    return isSecret(key) ? "named" : "none";
  };
}

const pairNames = ["name", "key", "Name", "Key", "variable"];
const pairValues = new Set(["value", "values", "default", "defaultvalue", "content", "data"]);

/** Names that hold references, or the working directory, although their words say otherwise. */
const names = new Set(
  "imagepullsecrets imagepullsecret existingsecret tlssecret pwd oldpwd".split(" "),
);

const secretUrl = /webhookurl|databaseconnection/;

const secretAnywhere =
  /passw(?:or)?d|passphrase|passcode|secret|credential|connectionstring|(?:api|access|private|priv|secret|signing|encryption|encrypt|master|account|shared|storage|session|licen[cs]e|subscription|auth|hmac|crypto)key/;

const secretLast = new Set(
  "pass pwd authorization bearer cookie cookies jwt otp dsn salt pat sas psk keytab".split(" "),
);

const keyOf = new Set(
  "webhook service deploy deployment ssh jwt aes rsa cookie app admin root client host bot".split(
    " ",
  ),
);

const harmlessKeyOf = new Set(
  "public pub primary foreign partition sort cache routing index object group row map sha kms idempotency".split(
    " ",
  ),
);

/** With one of these, `token` counts pieces of text. */
const counting = new Set(
  "max min num number total count prompt completion input output used cached context".split(" "),
);

/** A name that ends in one of these tells about a secret. */
const describing = new Set(
  `name names ref refs reference path paths file files filename dir directory ttl expiry expires expiration expired
  length min max policy policies enabled disabled required optional type kind count size version algorithm alg header
  headers field fields param prefix suffix timeout interval rotation mode issuer audience provider manager store class
  limit limits endpoint url uri lifetime seconds minutes hours days age label labels format encoding strength budget
  usage address mount mounts annotations review reviews controller generator operator service role roles at date
  namespace description title icon status state`.split(/\s+/),
);

/** The lower-case words of a name in any of the usual spellings, of at most its last 128 characters. */
function wordsOf(name: string): string[] {
  return name
    .slice(-128)
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

/** A secret with a shape of its own. Each pattern is linear: runs are bounded, or can only start where a run starts. */
export interface SecretPattern {
  readonly kind: string;
  /** Text without any of these has no match; a cheap test before the pattern. */
  readonly hints: readonly string[];
  /** Group 1 is what stays, group 2 is the secret; without groups all of it is the secret. */
  readonly pattern: RegExp;
  /** Tells a secret from text that only has its shape. */
  readonly accept?: (secret: string) => boolean;
}

const hasDigit = (text: string): boolean => /\d/.test(text);
const mixed = (text: string): boolean => hasDigit(text) && /[a-z]/i.test(text);

export const secretPatterns: readonly SecretPattern[] = [
  {
    kind: "aws-key",
    hints: ["AKIA", "ASIA", "ABIA", "ACCA"],
    pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])/g,
  },
  {
    kind: "github-token",
    hints: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    pattern: /(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})/g,
  },
  {
    kind: "slack-token",
    hints: ["xox", "xapp-"],
    pattern: /(?:xox[abeoprs]|xoxe\.xox[bp]|xapp)-[A-Za-z0-9-]{10,}/g,
  },
  {
    kind: "webhook",
    hints: ["hooks.slack.com/", "/api/webhooks/", "webhook.office.com/"],
    pattern:
      /(hooks\.slack\.com\/(?:services|workflows|triggers)\/|\/api\/webhooks\/\d{5,25}\/|webhook\.office\.com\/webhookb2\/)([A-Za-z0-9_@/-]{10,})/g,
  },
  {
    kind: "stripe-key",
    hints: ["k_live_", "k_test_", "whsec_"],
    pattern: /(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9+/=]{10,}/g,
  },
  {
    kind: "model-api-key",
    hints: ["sk-"],
    pattern: /(?<![A-Za-z0-9_-])sk-[A-Za-z0-9_-]{20,}/g,
    accept: mixed,
  },
  {
    kind: "google-key",
    hints: ["AIza", "ya29.", "GOCSPX-"],
    pattern: /AIza[A-Za-z0-9_-]{35,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}/g,
  },
  {
    kind: "gitlab-token",
    hints: ["gl"],
    pattern: /gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas|ffct)-[A-Za-z0-9_.-]{20,}/g,
  },
  { kind: "npm-token", hints: ["npm_"], pattern: /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{30,}/g },
  { kind: "service-token", hints: ["pypi-AgEI"], pattern: /pypi-AgEI[A-Za-z0-9_-]{50,}/g },
  { kind: "service-token", hints: ["dckr_pat_"], pattern: /dckr_pat_[A-Za-z0-9_-]{20,}/g },
  { kind: "service-token", hints: ["hf_"], pattern: /(?<![A-Za-z0-9_])hf_[A-Za-z0-9]{30,}/g },
  {
    kind: "service-token",
    hints: ["SG."],
    pattern: /SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{30,}/g,
  },
  { kind: "service-token", hints: ["shp"], pattern: /shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32,}/g },
  { kind: "service-token", hints: ["_v1_"], pattern: /do[opr]_v1_[a-f0-9]{64}/g },
  { kind: "service-token", hints: ["hv"], pattern: /hv[sb]\.[A-Za-z0-9_-]{20,}/g },
  { kind: "service-token", hints: ["tskey-"], pattern: /tskey-[a-z]{2,12}-[A-Za-z0-9-]{10,}/g },
  { kind: "service-token", hints: ["lin_api_"], pattern: /lin_api_[A-Za-z0-9]{32,}/g },
  { kind: "service-token", hints: ["AGE-SECRET-KEY-"], pattern: /AGE-SECRET-KEY-1[A-Z0-9]{50,}/g },
  { kind: "service-token", hints: ["dapi"], pattern: /(?<![A-Za-z0-9])dapi[a-f0-9]{32}/g },
  { kind: "service-token", hints: ["rubygems_"], pattern: /rubygems_[a-f0-9]{40,}/g },
  { kind: "service-token", hints: ["sntr"], pattern: /sntr[ys]s?_[A-Za-z0-9_+/=-]{40,}/g },
  {
    kind: "bot-token",
    hints: ["."],
    pattern:
      /(?<![A-Za-z0-9_-])[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,64}(?![A-Za-z0-9_.-])/g,
    accept: hasDigit,
  },
  {
    kind: "bot-token",
    hints: [":AA"],
    pattern: /(?<![A-Za-z0-9])\d{8,10}:AA[A-Za-z0-9_-]{32,34}(?![A-Za-z0-9_-])/g,
  },
  {
    kind: "jwt",
    hints: ["eyJ"],
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}/g,
  },
  {
    kind: "authorization",
    hints: ["uthorization", "UTHORIZATION"],
    pattern:
      /(authorization\\?["']?[ \t]{0,4}[:=][ \t]{0,4}\\?["']?(?:(?:bearer|basic|token|digest|negotiate|apikey|bot)[ \t]{1,4})?)([^\s"',;\\[{(<$][^\s"',;\\]{3,})/gi,
  },
  {
    kind: "authorization",
    hints: ["earer ", "EARER "],
    pattern: /(?<![A-Za-z0-9])(bearer[ \t]{1,4})([A-Za-z0-9._~+/-]{16,}={0,2})/gi,
    accept: mixed,
  },
  {
    kind: "authorization",
    hints: ["asic ", "ASIC "],
    pattern: /(?<![A-Za-z0-9])(basic[ \t]{1,4})([A-Za-z0-9+/]{6,}={0,2})/gi,
    accept: isBasicCredential,
  },
  {
    kind: "url-password",
    hints: ["://"],
    pattern: /(:\/\/[^\s:@/?#"'<>]{0,256}:)([^\s/"'<>]{1,512})(?=@)/g,
    accept: (secret) => !isPlaceholder(secret),
  },
  {
    kind: "url-password",
    hints: ["://"],
    pattern: /(:\/\/)([A-Za-z0-9_.~%+-]{16,256})(?=@)/g,
    accept: mixed,
  },
  {
    kind: "url-password",
    hints: ["@tcp(", "@unix("],
    pattern: /(?<![\w.-])([\w.-]{1,64}:)([^\s:@/"']{1,128})(?=@(?:tcp|unix)\()/g,
  },
  {
    kind: "signature",
    hints: ["sig=", "ignature=", "ecurity-Token="],
    pattern:
      /([?&](?:sig|X-Amz-Signature|X-Amz-Security-Token|X-Goog-Signature|Signature)=)([A-Za-z0-9%+/=_-]{16,})/g,
  },
  {
    kind: "cookie",
    hints: ["et-", "ET-"],
    pattern: /(set-cookie\\?["']?[ \t]{0,4}[:=][ \t]{0,4}\\?["']?[^\s=;,"']{1,128}=)([^\s;"']+)/gi,
    accept: (secret) => !isPlaceholder(secret),
  },
  {
    kind: "cookie",
    hints: ["ookie: ", "OOKIE: ", 'ookie": '],
    pattern: /(?<!set-)(cookie\\?["']?: {1,4}\\?["']?)([^\s=;,"'[]{1,128}=[^\r\n"']+)/gi,
  },
  {
    kind: "password",
    hints: ["curl"],
    pattern:
      /(curl[ \t][^\r\n]{0,256}?(?:-u|--user)[ =]{0,2}["']?[^\s:"'-][^\s:"']{0,127}:)([^\s"']+)/g,
    accept: (secret) => !isPlaceholder(secret),
  },
  {
    kind: "password-hash",
    hints: ["$"],
    pattern: /\$(?:2[abxy]|5|6|apr1|1|y|argon2(?:id?|d))\$[A-Za-z0-9./$,=+]{20,}/g,
  },
];

/** Text that stands where a secret will be put, or where one was taken out. */
export function isPlaceholder(text: string): boolean {
  return placeholders.some((pattern) => pattern.test(text));
}

const placeholders = [
  /^\[(?:redacted|masked)/,
  // A default, as in `${PASSWORD:-hunter2}`, is a secret of its own.
  /^(?:\$\{[A-Za-z_][\w.]*\}|\$\{\{.{1,200}\}\}|\$[A-Z_][A-Z0-9_]*|\$\([\w./ -]{0,200}\)?|%\(\w+\)s|%[A-Z_]+%|%[sdv])$/,
  /^(?:\{\{.{0,200}\}\}|\{\{|\(\(.{1,200}\)\)|<[^<>]{0,80}>)$/,
  /^(?:\*{3,}|x{3,}|•+|\.{3}|true|false|null|nil|none|undefined|yes|no|on|off|~)$/i,
];

function isBasicCredential(text: string): boolean {
  try {
    const decoded = atob(text);
    return /^[\x20-\x7e\x80-\xff]*:[\x20-\x7e\x80-\xff]*$/.test(decoded);
  } catch {
    // Not base64, so not a credential of this shape.
    return false;
  }
}

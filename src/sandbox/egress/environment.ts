/** What makes programs use the proxy at this port of their own loopback, and trust its authority. */
export function proxyEnvironment({
  port,
  caPath,
}: {
  readonly port: number;
  /** A PEM bundle of the usual authorities and the session's. */
  readonly caPath: string | undefined;
}): Record<string, string> {
  const proxy = `http://127.0.0.1:${port}`;
  const local = "localhost,127.0.0.1,::1";
  return {
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    ALL_PROXY: proxy,
    all_proxy: proxy,
    NO_PROXY: local,
    no_proxy: local,
    // Node's fetch does not look at the others without it.
    NODE_USE_ENV_PROXY: "1",
    ...(caPath !== undefined && Object.fromEntries(caVariables.map((name) => [name, caPath]))),
  };
}

/** There is no one variable that everybody reads. */
const caVariables = [
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "CURL_CA_BUNDLE",
  "REQUESTS_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "CARGO_HTTP_CAINFO",
  "AWS_CA_BUNDLE",
];

import { Refusal } from "../refusal.ts";
import type { Method } from "./method.ts";

/** What the app proves itself with when somebody installs it. */
export const oauthApp = { clientId: "1111.2222", clientSecret: "twin-client-secret" };

/** The end of an installation: https://docs.slack.dev/reference/methods/oauth.v2.access */
export const oauthMethods: Readonly<Record<string, Method>> = {
  "oauth.v2.access": {
    scope: undefined,
    byNobody: true,
    run(params, slack) {
      const isApp =
        params.text("client_id") === oauthApp.clientId &&
        params.text("client_secret") === oauthApp.clientSecret;
      const code = params.text("code");
      params.optional("redirect_uri");
      params.nothingElse();
      if (!isApp) throw new Refusal("bad_client_secret");
      return slack.install(code);
    },
  },
};

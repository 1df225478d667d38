/** Lets people install the app in their workspaces: https://docs.slack.dev/authentication/installing-with-oauth */
export interface SlackOAuthOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Signs what goes to Slack and back, so that nobody can begin an installation for somebody else. 32 random characters. */
  readonly stateSecret: string;
  /** Where Slack sends the person back to: one of the app's redirect URLs, whole. Its path is answered here. */
  readonly redirectUri: string;
  /** The path of the page that begins it. Default `/slack/install`. */
  readonly installPath?: string;
  /** Only these workspaces, by id. Default: any; who may use the bot there is the gate's to say. */
  readonly teams?: readonly string[];
  /** Where Slack asks the person. Default `https://slack.com/oauth/v2/authorize`. */
  readonly authorizationUrl?: string;
}

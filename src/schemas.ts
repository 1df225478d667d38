/** What is stored, configured and said by models, as zod schemas. Their types are exported by `opsthread`, too. */
export { AccessRequest, accessText, ApprovalChoice } from "./core/access-request.ts";
export {
  ApprovalRequest,
  CallPattern,
  CallRequest,
  RememberedCall,
  requestText,
} from "./core/call-request.ts";
export { Effect, JournalEntry, ModelResponse, ModelUse, Usage } from "./core/journal.ts";
export { Actor, Attachment, Message } from "./core/message.ts";
export { ApprovalCard, Artifact, Post, TurnUsage } from "./core/post.ts";
export { Spent } from "./core/spent.ts";
export { Measures, ToolCall, ToolResult } from "./core/tool-result.ts";
export { CallRules, CommandRules } from "./agent/call-rules.ts";
export { BudgetConfig } from "./agent/budget-config.ts";
export { McpServerConfig, McpServers } from "./agent/mcp/config.ts";
export { Price } from "./agent/prices.ts";
export { SpanRecord } from "./observe/span-record.ts";
export { Limits, Permissions } from "./sandbox/permissions.ts";
export { AccessConfig } from "./security/access.ts";

/** What is stored, configured and said by models, as zod schemas. Their types are exported by `opsthread`, too. */
export { AccessRequest, accessText, ApprovalChoice } from "./core/access-request.ts";
export { Effect, JournalEntry, ModelResponse, Usage } from "./core/journal.ts";
export { Actor, Attachment, Message } from "./core/message.ts";
export { ApprovalCard, Artifact, Post } from "./core/post.ts";
export { Measures, ToolCall, ToolResult } from "./core/tool-result.ts";
export { SpanRecord } from "./observe/span-record.ts";
export { Limits, Permissions } from "./sandbox/permissions.ts";
export { AccessConfig } from "./security/access.ts";

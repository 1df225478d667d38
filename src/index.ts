/**
 * Opsthread: durable agent sessions in chat threads. This entry point loads no driver's dependency;
 * drivers are entry points of their own (`opsthread/console`, `opsthread/sqlite`, `opsthread/virtual`, `opsthread/openai`, …).
 */
export { type Bot, type BotOptions, createBot, defaultApprovals } from "./bot.ts";

export type { Adapter, Inbound, OpenArtifact, Received } from "./adapters/adapter.ts";
export type { CallPart, CallVerdict } from "./agent/approvals.ts";
export { CallRules, CommandRules } from "./agent/call-rules.ts";
export { readOnlyCommands } from "./agent/commands/read-only.ts";
export { judgeCommand } from "./agent/commands/rules.ts";
export { type BudgetLimits, defaultBudget } from "./agent/budget.ts";
export { defineTool } from "./agent/define-tool.ts";
export type { Guardrail, Verdict } from "./agent/guardrail.ts";
export { defaultInstructions } from "./agent/instructions.ts";
export type {
  Item,
  Model,
  ModelCapabilities,
  ModelCheck,
  ModelEvent,
  ModelRequest,
  NativeTool,
  ToolSpec,
} from "./agent/model.ts";
export { offlineModel } from "./agent/models/offline.ts";
export { defaultRetry, resilientModel, type RetryPolicy } from "./agent/models/resilient.ts";
export { modelError, type ModelFailure } from "./agent/models/model-error.ts";
export type {
  AccessStanding,
  NeedsApproval,
  Tool,
  ToolContext,
  ToolReturn,
  ToolSession,
} from "./agent/tool.ts";

export { AccessRequest, accessText, ApprovalChoice } from "./core/access-request.ts";
export {
  ApprovalRequest,
  CallPattern,
  CallRequest,
  RememberedCall,
  requestText,
} from "./core/call-request.ts";
export type { Audit, AuditedGrant, AuditEvent, AuditRecord } from "./core/audit.ts";
export { Stopped } from "./core/abort.ts";
export { type Clock, systemClock } from "./core/clock.ts";
export { errorCodes, isOpsthreadError, OpsthreadError } from "./core/errors.ts";
export type { ErrorCode } from "./core/errors.ts";
export { sessionIdOf, stableKey, threadId, type ThreadRef } from "./core/ids.ts";
export { Effect, JournalEntry, type JournalRecord, ModelResponse, Usage } from "./core/journal.ts";
export { type Logger, silentLogger } from "./core/logger.ts";
export { Actor, Attachment, Message } from "./core/message.ts";
export { ApprovalCard, Artifact, Post } from "./core/post.ts";
export { Measures, ToolCall, ToolResult } from "./core/tool-result.ts";

export { openModel, type ModelKeys, type ModelUrls } from "./open-model.ts";
export { localQueue } from "./queue/local.ts";
export type { Queue } from "./queue/queue.ts";
export { Limits, Permissions } from "./sandbox/permissions.ts";
export type {
  Captured,
  ExecOptions,
  ExecResult,
  FileEntry,
  Outcome,
  Sandbox,
  SandboxCapabilities,
  SandboxFiles,
  SandboxProvider,
  SandboxSpec,
  SourceMount,
  TaskOptions,
  TaskProgram,
  TaskProgress,
  TaskRun,
} from "./sandbox/sandbox.ts";
export { AccessConfig } from "./security/access.ts";
export { auditFile, type AuditFileOptions } from "./security/audit.ts";
export { createRedactor, type Redactor } from "./security/redact.ts";
export type { Mode } from "./sessions/turn.ts";
export type { ApprovalPolicy } from "./sessions/widen.ts";
export { fileSource } from "./sources/file.ts";
export type { Source, SourceFile } from "./sources/source.ts";
export type { Blobs } from "./store/blobs.ts";
export { directoryBlobs } from "./store/directory.ts";
export type {
  Accepted,
  Append,
  InboxItem,
  Lease,
  PostClaim,
  PostOutcome,
  SessionInfo,
  Store,
  StoredPost,
} from "./store/store.ts";
export { diff } from "./tasks/diff/index.ts";
export { logs } from "./tasks/logs/index.ts";
export {
  defineTask,
  type Task,
  type TaskContext,
  type TaskFiles,
  type TaskResult,
} from "./tasks/task.ts";

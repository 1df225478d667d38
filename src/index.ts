/**
 * Opsthread: durable agent sessions in chat threads. This entry point loads no dependency at all, and little of our own:
 * what a bot is made of loads with `createBot()`. Drivers are entry points of their own (`opsthread/console`,
 * `opsthread/sqlite`, `opsthread/virtual`, `opsthread/openai`, …), and so are schemas (`opsthread/schemas`), models by name
 * and what their drivers share (`opsthread/models`), and the built-in tasks (`opsthread/tasks`).
 */
export type { Bot, BotOptions } from "./bot.ts";
export type { OpsthreadConfig } from "./config.ts";
export { createBot } from "./create-bot.ts";
export type { BlobsOptions } from "./open-blobs.ts";
export type { Concurrency, RedisOptions, Role } from "./open-durable.ts";
export type { RedisConfig } from "./redis/config.ts";

export type {
  Adapter,
  Asker,
  Inbound,
  OpenArtifact,
  Received,
  Revision,
  ThreadOpening,
} from "./adapters/adapter.ts";
export { type Agent, defaultDelegateBudget, type Delegate, type Place } from "./agent/agent.ts";
export { defaultInstructions, opsAgent } from "./agent/agents/ops.ts";
export type { CallPart, CallVerdict } from "./agent/approvals.ts";
export { type BudgetLimits, type Budgets, defaultBudgets } from "./agent/budget.ts";
export type { CallRules, CommandRules } from "./agent/call-rules.ts";
export { readOnlyCommands } from "./agent/commands/read-only.ts";
export type { BudgetConfig } from "./agent/budget-config.ts";
export { defineTool } from "./agent/define-tool.ts";
export type { CallGuardrail, GuardContext, Guardrail, Verdict } from "./agent/guardrail.ts";
export type { McpServerConfig, McpServers } from "./agent/mcp/config.ts";
export type {
  Item,
  Model,
  ModelCapabilities,
  ModelCheck,
  ModelEvent,
  ModelRequest,
  ModelSettings,
  NativeTool,
  ToolSpec,
} from "./agent/model.ts";
export type { Price } from "./agent/prices.ts";
export type { ModelFailure } from "./agent/models/model-error.ts";
export type { RetryPolicy } from "./agent/models/resilient.ts";
export { resultText } from "./agent/models/result-text.ts";
export type { Route } from "./agent/route.ts";
export type { ToolAnswer } from "./agent/tool-return.ts";
export type {
  AccessStanding,
  NeedsApproval,
  NestedFacts,
  Tool,
  ToolContext,
  ToolReturn,
  ToolSession,
} from "./agent/tool.ts";

export type { AccessRequest, ApprovalChoice } from "./core/access-request.ts";
export type {
  ApprovalRequest,
  CallPattern,
  CallRequest,
  RememberedCall,
} from "./core/call-request.ts";
export type { Audit, AuditedGrant, AuditEvent, AuditRecord } from "./core/audit.ts";
export { Stopped } from "./core/abort.ts";
export { type Clock, systemClock } from "./core/clock.ts";
export { errorCodes, isOpsthreadError, OpsthreadError } from "./core/errors.ts";
export type { ErrorCode } from "./core/errors.ts";
export { sessionIdOf, stableKey, threadId, type ThreadRef } from "./core/ids.ts";
export type {
  Effect,
  JournalEntry,
  JournalRecord,
  ModelResponse,
  ModelUse,
  Usage,
} from "./core/journal.ts";
export { type Logger, silentLogger } from "./core/logger.ts";
export type { Actor, Attachment, Message } from "./core/message.ts";
export type { ApprovalCard, Artifact, Post, TurnUsage } from "./core/post.ts";
export type { Schedule, ScheduleRecord } from "./core/schedule.ts";
export type { Spent } from "./core/spent.ts";
export type { Measures, ToolCall, ToolResult } from "./core/tool-result.ts";
export type { Facts, Said, Span, SpanName, Spoken, Tracer } from "./core/trace.ts";

export type { TracingOptions } from "./observe/open-tracing.ts";
export type { Compaction, ModelKeys, ModelUrls } from "./open-model.ts";
export type { Queue } from "./queue/queue.ts";
export type { Limits, Permissions } from "./sandbox/permissions.ts";
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
export type { AccessConfig } from "./security/access.ts";
export { auditFile, type AuditFileOptions } from "./security/audit.ts";
export { createRedactor, type Redactor } from "./security/redact.ts";
export { defaultApprovals } from "./sessions/default-approvals.ts";
export type { Mode } from "./sessions/turn.ts";
export type { ApprovalPolicy } from "./sessions/widen.ts";
export { fileSource } from "./sources/file.ts";
export type { Source, SourceFile } from "./sources/source.ts";
export type { Blobs } from "./store/blobs.ts";
export { directoryBlobs } from "./store/directory.ts";
export type {
  Accepted,
  Account,
  Append,
  InboxItem,
  Lease,
  PostClaim,
  PostOutcome,
  ScheduleStore,
  ScheduleWrite,
  SessionInfo,
  Store,
  StoredPost,
  StoredSchedule,
} from "./store/store.ts";
export {
  defineTask,
  type Task,
  type TaskContext,
  type TaskFiles,
  type TaskResult,
} from "./tasks/task.ts";

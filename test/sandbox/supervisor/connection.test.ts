import { PassThrough } from "node:stream";

import { expect, test } from "vitest";

import { connectSupervisor } from "../../../src/sandbox/supervisor/connection.ts";
import {
  createFrameParser,
  encodeFrame,
  type Frame,
} from "../../../src/sandbox/supervisor/frames.ts";
import {
  hostFrame,
  PayloadReader,
  PayloadWriter,
  protocolVersion,
  resultKind,
  supervisorFrame,
  syncMark,
} from "../../../src/sandbox/supervisor/protocol.ts";

const { signal } = new AbortController();

/** A connection to a supervisor that answers each frame with these bytes, in one piece. */
async function connectTo(answer: (frame: Frame) => Buffer | undefined) {
  const incoming = new PassThrough();
  const parser = createFrameParser();
  return connectSupervisor(
    {
      incoming,
      write(bytes) {
        for (const frame of parser.push(bytes)) {
          const told = frame.type === hostFrame.hello ? welcome(frame) : answer(frame);
          if (told) incoming.write(told);
        }
        return true;
      },
      close: () => void incoming.end(),
    },
    { signal, resumes: false, graceMs: 60_000, idleMs: 0, lifetimeMs: 0 },
  );
}

function welcome({ payload }: Frame): Buffer {
  const hello = new PayloadReader(payload);
  hello.u32();
  const body = new PayloadWriter().u32(protocolVersion).raw(hello.raw(16)).u32(0).str("/bin/sh");
  return Buffer.concat([syncMark, encodeFrame(supervisorFrame.welcome, 0, body.bytes())]);
}

const resultOf = (code: number): Buffer =>
  [0, 0, 0, 0]
    .reduce(
      (body, zero) => body.u64(zero),
      new PayloadWriter().str("x").u8(resultKind.exit).u32(code).str(""),
    )
    .u32(0)
    .u32(0)
    .u64(0)
    .u8(0)
    .u64(0)
    .u8(0)
    .bytes();

test("adopt() hears of an end that is told with the answer", async () => {
  const connection = await connectTo(({ type, id }) => {
    if (type !== hostFrame.adopt) return undefined;
    const adopted = new PayloadWriter().u8(1).u32(77).u8(1).bytes();
    return Buffer.concat([
      encodeFrame(supervisorFrame.adopted, id, adopted),
      encodeFrame(supervisorFrame.result, 77, resultOf(3)),
    ]);
  });
  const running = await connection.adopt("x");

  expect(await running?.result).toMatchObject({ kind: "exit", code: 3 });
  connection.close();
});

test("handles of two connections differ, for an earlier one's may still be in use", async () => {
  const handles = new Set<number>();
  for (let times = 0; times < 3; times += 1) {
    const connection = await connectTo(({ type, id }) => {
      if (type === hostFrame.list) handles.add(id);
      return type === hostFrame.list
        ? encodeFrame(supervisorFrame.listed, id, new PayloadWriter().u32(0).bytes())
        : undefined;
    });
    await connection.list();
    connection.close();
  }

  expect(handles.size).toBe(3);
});

/** A piece of what a scripted model says. */
export type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "thinking"; readonly text: string }
  | {
      readonly type: "call";
      readonly tool: string;
      /** An object becomes its JSON text; a text is sent as it is, also when it is no JSON. */
      readonly args: object | string;
      readonly id: string | undefined;
    };

/** What a scripted model says, and what happens to it on the way. `P` is a {@link Part}, or a vendor's own besides. */
export interface Answer<P = Part> {
  readonly type: "answer";
  readonly parts: readonly P[];
  /** Why the model stops, in the vendor's word. By default what the parts say. */
  readonly stop?: string;
  readonly faults: readonly Fault[];
}

/** What happens to an answer that the server has already begun, or finished, to make. */
export type Fault =
  | { readonly type: "lost" }
  | { readonly type: "cut"; readonly afterEvents: number }
  | { readonly type: "stall"; readonly afterEvents: number }
  | { readonly type: "interrupt"; readonly afterEvents: number; readonly failure: Failure };

/** An error instead of an answer. What is left out is what the vendor sends with this status. */
export interface Failure {
  readonly type: "fail";
  readonly status: number;
  readonly error?: string;
  readonly message?: string;
  readonly retryAfterS?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a twin does with one request that it accepts. */
export type Step<P = Part> = Answer<P> | Failure | { readonly type: "drop" };

const answerOf = <P>(...parts: readonly P[]): Answer<P> => ({ type: "answer", parts, faults: [] });

export const say = (text: string): Answer => answerOf({ type: "text", text });

/** Without an id it gets one as the vendor makes them. */
export const call = (tool: string, args: object | string = {}, id?: string): Answer =>
  answerOf({ type: "call", tool, args, id });

export const think = (text: string): Answer => answerOf({ type: "thinking", text });

/** A part that only one vendor knows. */
export const part = <P>(of: P): Answer<P> => answerOf(of);

/** Several things in one answer: `together(think("…"), call("a"), call("b"))`. Why it stops is said around it. */
export const together = <P>(...answers: readonly Answer<P>[]): Answer<P> => ({
  ...answerOf(...answers.flatMap(({ parts }) => parts)),
  faults: answers.flatMap(({ faults }) => faults),
});

export const fail = (status: number, more: Omit<Failure, "type" | "status"> = {}): Failure => ({
  type: "fail",
  status,
  ...more,
});

/** The connection is cut before the request is taken. */
export const drop = (): { readonly type: "drop" } => ({ type: "drop" });

/** The request is accepted, and paid for, but nothing of the answer arrives. */
export const lost = <P>(answer: Answer<P>): Answer<P> => faulty(answer, { type: "lost" });

/** The connection is cut after so many events; without streaming, before the answer. */
export const cut = <P>(answer: Answer<P>, afterEvents: number): Answer<P> =>
  faulty(answer, { type: "cut", afterEvents });

/** Nothing more after so many events until the twin is told to `release()`, or the client goes. */
export const stall = <P>(answer: Answer<P>, afterEvents = 0): Answer<P> =>
  faulty(answer, { type: "stall", afterEvents });

/** After so many events the stream ends with an error of the vendor; without streaming, there is only the error. */
export const interrupt = <P>(answer: Answer<P>, afterEvents: number, failure: Failure): Answer<P> =>
  faulty(answer, { type: "interrupt", afterEvents, failure });

const faulty = <P>(answer: Answer<P>, fault: Fault): Answer<P> => ({
  ...answer,
  faults: [...answer.faults, fault],
});

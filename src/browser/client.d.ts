// Types of client.js. The three maps name what travels, so that the compiler knows it:
//
//   interface Incoming { message: { from: string; text: string } }            events the server emits
//   interface Outgoing { say: { text: string }; leave: void }                 events we emit
//   interface Requests { sum(numbers: number[]): number; now(): string }      what we ask, and what it is answered
//   const client = new Client<Incoming, Outgoing, Requests>("/ws");

/** "waiting": away, until the next attempt is due. "closed": before `connect`, after `close` or a final close code. */
export type State = "connecting" | "open" | "waiting" | "closed";

export interface Status {
  readonly state: State;
  /** Attempts that failed, or connections lost, since one lasted `stableAfter`. */
  readonly attempt: number;
  /** While waiting: milliseconds from this call to the next attempt. */
  readonly delay: number;
}

/** What `disconnect` hands over. */
export interface CloseReason {
  readonly reason: "local_close" | "peer_close" | "transport_error" | "heartbeat_timeout";
  /** The close frame's, 1006 where there was none. */
  readonly code: number;
  readonly text: string;
  readonly by_peer: boolean;
}

/** Beside the data, what is known of a message. */
export interface Message {
  readonly event: string;
  /** Set where the peer waits for an answer: what the callback returns. */
  readonly id?: number | string;
  /** What a binary message carries behind its envelope; a view, not a copy. */
  readonly bytes?: Uint8Array;
}

/** Of the `code` of an Error that `request` rejects with, or that `onError` is given. */
export type ErrorCode =
  | "closed" | "queue_full" | "too_large" | "invalid_event" // not sent
  | "timed_out" | "cancelled" | "too_many_requests" | "remote_error" // `request` only; "closed" also for a lost connection
  | "bad_json" | "bad_message" | "reserved_event"; // `onError` only

export interface ClientError extends Error {
  readonly code: ErrorCode;
  /** With "remote_error": what the peer answered. */
  readonly failure?: Failure;
}

/** What a callback throws or returns to answer with an error of its own. Of other errors the peer learns nothing. */
export class Failure extends Error {
  constructor(code: string, message?: string, path?: string);
  readonly code: string;
  /** With "invalid_payload": a JSON pointer into the data. */
  readonly path?: string;
}

/** What time and chance are made of; for tests. Functions are called as methods of a copy of this object. */
export interface Clock {
  /** Milliseconds that never go back. */
  now(): number;
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: any): void;
  /** From 0 to 1. */
  random(): number;
}

export interface Options {
  /** Dial when constructed. Default: true. */
  autoConnect?: boolean;
  /** Subprotocols to offer. Default: none. */
  protocols?: string | string[];
  /** The first pause is random between 0 and this, and each doubles the range. Milliseconds; default: 500. */
  baseDelay?: number;
  /** The range's end. Milliseconds; default: 30,000. */
  maxDelay?: number;
  /** A connection that lasted so long starts the pauses anew. Milliseconds; default: 30,000. */
  stableAfter?: number;
  /** An attempt that takes longer is given up. Milliseconds; default: 10,000. */
  connectTimeout?: number;
  /** The deadline of a request. Milliseconds; default: 10,000. */
  requestTimeout?: number;
  /** A server that was silent so long is pinged. Milliseconds; default: 25,000; Infinity: never. */
  pingAfter?: number;
  /** One that was silent so long is dead. Milliseconds; default: 45,000. */
  deadAfter?: number;
  /** Requests that may be open at once. Default: 1,024. */
  maxRequests?: number;
  /** Messages kept while away. Default: 256; 0: none. */
  maxQueued?: number;
  /** Their bytes. Default: 1 MiB. */
  maxQueuedBytes?: number;
  /** Bytes that the socket may hold unsent. Default: 4 MiB. */
  maxBufferedBytes?: number;
  /** Told of what callbacks throw and of messages that are malformed. Default: reportError, where there is one. */
  onError?: (error: any) => void;
  /** Default: the global one. */
  WebSocket?: new (url: URL, protocols?: string | string[]) => any;
  clock?: Partial<Clock>;
}

export interface RequestOptions {
  /** Milliseconds; default: `Options.requestTimeout`. */
  timeout?: number;
  signal?: AbortSignal;
}

type Name<Map> = keyof Map & string;
/** The data may be left out where it may be null or undefined. */
type Data<T> = undefined extends T ? [data?: T | null] : null extends T ? [data?: T] : [data: T];
type Question<Asked> = Asked extends (...data: infer Arguments) => any ? Arguments : [data?: any];
type RequestArguments<Asked> = Question<Asked> extends []
  ? [data?: null, options?: RequestOptions]
  : [...data: Question<Asked>, options?: RequestOptions];
type Reply<Asked> = Asked extends (...data: any) => infer Answer ? Awaited<Answer> : any;
type Callback<T> = (data: T, message: Message) => unknown;
/** Takes the callback away again. */
type Remove = () => void;

/**
 * One connection that comes back when it was lost. Callbacks run in the order of registration, messages in the order of
 * their arrival; what a callback returns, or the promise it returns resolves to, answers a message with an id.
 */
export class Client<
  Incoming extends object = Record<string, any>,
  Outgoing extends object = Record<string, any>,
  Requests extends object = Record<string, (data?: any) => any>,
> {
  /** `url` may be relative to the page, and http stands for ws. Throws for what is no URL. */
  constructor(url: string | URL, options?: Options);

  readonly state: State;

  /** At each connection; at once (but not inside `on`) where there is one. */
  on(event: "connect", callback: () => unknown): Remove;
  /** When a connection has ended. */
  on(event: "disconnect", callback: (reason: CloseReason) => unknown): Remove;
  on<Event extends Name<Incoming>>(event: Event, callback: Callback<Incoming[Event]>): Remove;

  once(event: "connect", callback: () => unknown): Remove;
  once(event: "disconnect", callback: (reason: CloseReason) => unknown): Remove;
  once<Event extends Name<Incoming>>(event: Event, callback: Callback<Incoming[Event]>): Remove;

  /** Every message of the peer's, after the callbacks of its event. */
  onAny(callback: Callback<any>): Remove;

  /** At once and at every change. */
  onState(callback: (status: Status) => unknown): Remove;

  /** Takes away the callback, or all callbacks of the event. */
  off(event: Name<Incoming> | "connect" | "disconnect", callback?: (...all: any) => unknown): void;

  /** Sends, or queues while away. False where it was refused: closed, no room, too large. Throws for a bad name. */
  emit<Event extends Name<Outgoing>>(event: Event, ...data: Data<Outgoing[Event]>): boolean;

  /** As `emit`, for what is worthless when late: refused while away, or while over a quarter of the bound is unsent. */
  emitVolatile<Event extends Name<Outgoing>>(event: Event, ...data: Data<Outgoing[Event]>): boolean;

  /** As `emit`, with bytes behind the envelope; copies them. */
  emitBinary<Event extends Name<Outgoing>>(event: Event, data: Outgoing[Event] | null, bytes: ArrayBuffer | ArrayBufferView): boolean;

  /** Resolves with the answer's data, null where there is none; rejects with a ClientError. */
  request<Event extends Name<Requests>>(event: Event, ...data: RequestArguments<Requests[Event]>): Promise<Reply<Requests[Event]>>;

  /** Dials where it is closed, or cuts a pause short. */
  connect(): void;

  /** Ends it until `connect`; drops what waits. Throws for codes but 1000 (the default) and 3000 to 4999. */
  close(code?: number, text?: string): void;
}

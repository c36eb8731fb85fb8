// Types of client.js. Three interfaces describe the events, so that the compiler can check them:
//
//   interface Incoming { message: { from: string; text: string } }            events from the server
//   interface Outgoing { say: { text: string }; leave: void }                 events to the server
//   interface Requests { sum(numbers: number[]): number; now(): string }      requests to the server, and their replies
//   const client = new Client<Incoming, Outgoing, Requests>("/ws");

/**
 * "waiting": disconnected, until the next attempt. "closed": before `connect`, after `close`, or after a final close code.
 */
export type State = "connecting" | "open" | "waiting" | "closed";

export interface Status {
  readonly state: State;
  /** How many attempts have failed and connections were lost since a connection lasted `stableAfter`. */
  readonly attempt: number;
  /** In the state "waiting": milliseconds from this callback to the next attempt. Otherwise 0. */
  readonly delay: number;
}

/** The argument of a `disconnect` callback. */
export interface CloseReason {
  readonly reason: "local_close" | "peer_close" | "transport_error" | "heartbeat_timeout";
  /** The code of the close frame, or 1006 if there was none. */
  readonly code: number;
  readonly text: string;
  readonly by_peer: boolean;
}

/** The second argument of a callback: the properties of a message other than its data. */
export interface Message {
  readonly event: string;
  /** Set if the peer waits for a reply. The value that the callback returns is the reply. */
  readonly id?: number | string;
  /** The bytes after the envelope of a binary message. A view, not a copy. */
  readonly bytes?: Uint8Array;
}

/** The `code` of an Error that `request` rejects with or that `onError` gets. */
export type ErrorCode =
  | "closed" | "queue_full" | "too_large" | "invalid_event" // not sent
  | "timed_out" | "cancelled" | "too_many_requests" | "remote_error" // only from `request`; "closed" also means that the connection was lost
  | "bad_json" | "bad_message" | "reserved_event"; // only for `onError`

export interface ClientError extends Error {
  readonly code: ErrorCode;
  /** Set if the code is "remote_error": the peer's answer. */
  readonly failure?: Failure;
}

/** A callback throws or returns it to answer with an error. The peer gets no details of any other error. */
export class Failure extends Error {
  constructor(code: string, message?: string, path?: string);
  readonly code: string;
  /** Set if the code is "invalid_payload": a JSON pointer into the data. */
  readonly path?: string;
}

/** The source of time and random numbers; tests replace it. The functions are called as methods of a copy of this object. */
export interface Clock {
  /** A monotonic time in milliseconds. */
  now(): number;
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(timer: any): void;
  /** A number from 0 to 1. */
  random(): number;
}

export interface Options {
  /** Connect in the constructor. Default: true. */
  autoConnect?: boolean;
  /** Subprotocols to offer. Default: none. */
  protocols?: string | string[];
  /** A reconnection delay is random. The first is at most this; each failure doubles the maximum. Milliseconds; default: 500. */
  baseDelay?: number;
  /** The maximum of all reconnection delays. Milliseconds; default: 30,000. */
  maxDelay?: number;
  /** A connection that lasts this long resets the delay to `baseDelay`. Milliseconds; default: 30,000. */
  stableAfter?: number;
  /** An attempt to connect that takes longer fails. Milliseconds; default: 10,000. */
  connectTimeout?: number;
  /** A request without a reply fails after this time. Milliseconds; default: 10,000. */
  requestTimeout?: number;
  /** The client sends a ping if no message came for this time. Milliseconds; default: 25,000; Infinity: never. */
  pingInterval?: number;
  /** The client ends the connection if no message came for this time. Milliseconds; default: 45,000. */
  idleTimeout?: number;
  /** How many requests may wait for their replies. Default: 1,024. */
  maxRequests?: number;
  /** How many messages are queued while disconnected. Default: 256; 0: none. */
  maxQueued?: number;
  /** How many bytes the queued messages may have. Default: 1 MiB. */
  maxQueuedBytes?: number;
  /** How many bytes may be in the socket's send buffer. Default: 4 MiB. */
  maxBufferedBytes?: number;
  /** Gets the exceptions of callbacks, and errors about malformed messages. Default: the global reportError, if it exists. */
  onError?: (error: any) => void;
  /** Default: the global WebSocket. */
  WebSocket?: new (url: URL, protocols?: string | string[]) => any;
  clock?: Partial<Clock>;
}

export interface RequestOptions {
  /** Milliseconds; default: `Options.requestTimeout`. */
  timeout?: number;
  signal?: AbortSignal;
}

type Name<Map> = keyof Map & string;
/** The data may be omitted if its type includes null or undefined. */
type Data<T> = undefined extends T ? [data?: T | null] : null extends T ? [data?: T] : [data: T];
type RequestData<Signature> = Signature extends (...data: infer Arguments) => any ? Arguments : [data?: any];
type RequestArguments<Signature> = RequestData<Signature> extends []
  ? [data?: null, options?: RequestOptions]
  : [...data: RequestData<Signature>, options?: RequestOptions];
type Reply<Signature> = Signature extends (...data: any) => infer Result ? Awaited<Result> : any;
type Callback<T> = (data: T, message: Message) => unknown;
/** Removes the callback. */
type Remove = () => void;

/**
 * A WebSocket connection that reconnects automatically. Callbacks run in the order of registration, and messages are handled
 * in the order of arrival. If a message has an id, the reply is the value that a callback returns, or that the returned
 * promise resolves to.
 */
export class Client<
  Incoming extends object = Record<string, any>,
  Outgoing extends object = Record<string, any>,
  Requests extends object = Record<string, (data?: any) => any>,
> {
  /** `url` may be relative to the page; http means ws, and https means wss. Throws a TypeError for an invalid URL. */
  constructor(url: string | URL, options?: Options);

  readonly state: State;

  /** Called after each connect. If the client is connected already, it is called soon after `on` returns. */
  on(event: "connect", callback: () => unknown): Remove;
  /** Called after each connection has ended. */
  on(event: "disconnect", callback: (reason: CloseReason) => unknown): Remove;
  on<Event extends Name<Incoming>>(event: Event, callback: Callback<Incoming[Event]>): Remove;

  once(event: "connect", callback: () => unknown): Remove;
  once(event: "disconnect", callback: (reason: CloseReason) => unknown): Remove;
  once<Event extends Name<Incoming>>(event: Event, callback: Callback<Incoming[Event]>): Remove;

  /** Called for each message from the peer, after the callbacks of its event. */
  onAny(callback: Callback<any>): Remove;

  /** Called at once, and after each change of the state. */
  onState(callback: (status: Status) => unknown): Remove;

  /** Removes the callback, or all callbacks of the event. */
  off(event: Name<Incoming> | "connect" | "disconnect", callback?: (...all: any) => unknown): void;

  /**
   * Sends the event, or queues it while disconnected. Returns false if the client is closed, the queue is full, or the message
   * is too large. Throws a TypeError for an invalid event name.
   */
  emit<Event extends Name<Outgoing>>(event: Event, ...data: Data<Outgoing[Event]>): boolean;

  /**
   * Like `emit`, for an event that is useless if it is late. Also returns false while disconnected, or if the socket's send
   * buffer is not empty and would exceed a quarter of `maxBufferedBytes`.
   */
  emitVolatile<Event extends Name<Outgoing>>(event: Event, ...data: Data<Outgoing[Event]>): boolean;

  /** Like `emit`, with bytes after the envelope. Copies the bytes. */
  emitBinary<Event extends Name<Outgoing>>(event: Event, data: Outgoing[Event] | null, bytes: ArrayBuffer | ArrayBufferView): boolean;

  /** Resolves with the data of the reply, or null if it has none. Rejects with a ClientError. */
  request<Event extends Name<Requests>>(event: Event, ...data: RequestArguments<Requests[Event]>): Promise<Reply<Requests[Event]>>;

  /** Connects if the client is closed. Ends the reconnection delay if it is waiting. */
  connect(): void;

  /**
   * Closes the connection until `connect` is called, and drops the queued messages. Throws if the code is neither 1000 (the
   * default) nor from 3000 to 4999.
   */
  close(code?: number, text?: string): void;
}

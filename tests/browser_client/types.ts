// Compiled, but not run. Tests which calls the types accept and which they reject.
import { Client, Failure, type ClientError, type CloseReason, type Message, type Status } from "../../src/browser/client.js";

interface Incoming { message: { from: string; text: string }; tick: number; done: void }
interface Outgoing { say: { text: string }; leave: void; maybe: string | null; anything: any }
interface Requests {
  sum(numbers: number[]): number;
  now(): string;
  find(name?: string): { id: number } | null;
  later(name: string): Promise<boolean>;
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
function same<A, B>(..._: Same<A, B> extends true ? [] : ["these types differ"]) {}

const client = new Client<Incoming, Outgoing, Requests>("/ws", { maxQueued: 0, clock: { random: () => 0 } });

const remove = client.on("message", (data, message) => {
  same<typeof data, { from: string; text: string }>();
  same<typeof message, Message>();
  same<typeof message.bytes, Uint8Array | undefined>();
});
same<typeof remove, () => void>();
client.once("tick", (data) => same<typeof data, number>());
client.on("tick", async () => new Failure("no", "not now", "/a"));
client.on("connect", () => {});
client.on("disconnect", (reason) => same<typeof reason, CloseReason>());
client.onState((status) => same<typeof status, Status>());
client.onAny((_, { event }) => same<typeof event, string>());
client.off("tick");
client.off("message", () => {});
client.off("connect");
// @ts-expect-error unknown event
client.on("massage", () => {});
// @ts-expect-error a tick is a number
client.on("tick", (data: string) => data);
// @ts-expect-error connect has no data
client.on("connect", (data: number) => data);
// @ts-expect-error unknown event
client.off("massage");

same<ReturnType<typeof client.emit>, boolean>();
client.emit("say", { text: "hi" });
client.emit("leave");
client.emit("leave", null);
client.emit("maybe");
client.emit("maybe", "yes");
client.emit("anything");
client.emit("anything", 1);
client.emitVolatile("say", { text: "hi" });
client.emitBinary("leave", null, new Uint8Array(1));
client.emitBinary("say", { text: "hi" }, new ArrayBuffer(1));
// @ts-expect-error data is missing
client.emit("say");
// @ts-expect-error wrong type
client.emit("say", { text: 1 });
// @ts-expect-error not an outgoing event
client.emit("message", { from: "me", text: "hi" });
// @ts-expect-error a lifecycle event cannot be emitted
client.emit("connect");
// @ts-expect-error bytes are not a string
client.emitBinary("leave", null, "text");

const signal = new AbortController().signal;
const sum = client.request("sum", [1, 2]);
same<typeof sum, Promise<number>>();
const now = client.request("now", null, { timeout: 1, signal });
same<typeof now, Promise<string>>();
client.request("now");
const found = client.request("find");
same<typeof found, Promise<{ id: number } | null>>();
client.request("find", "x", { timeout: 1 });
client.request("find", undefined, { signal });
const later = client.request("later", "x");
same<typeof later, Promise<boolean>>();
sum.catch((error: ClientError) => error.code === "remote_error" && error.failure?.path);
// @ts-expect-error data is missing
client.request("sum");
// @ts-expect-error wrong type
client.request("sum", "1, 2");
// @ts-expect-error unknown request
client.request("product", [1, 2]);
// @ts-expect-error unknown option
client.request("now", null, { deadline: 1 });
// @ts-expect-error unknown code
sum.catch((error: ClientError) => error.code === "tired");

// Without type arguments every event and all data are accepted.
const loose = new Client(new URL("wss://peer.test/ws"));
loose.on("anything", (data) => data.is.any);
loose.on("disconnect", (reason) => same<typeof reason, CloseReason>());
loose.emit("anything");
loose.emit("anything", { a: 1 });
const any = loose.request("anything", 1, { timeout: 5 });
same<typeof any, Promise<any>>();
loose.request("anything");
loose.connect();
loose.close(4000, "enough");
same<typeof loose.state, "connecting" | "open" | "waiting" | "closed">();
// @ts-expect-error read only
loose.state = "open";
// @ts-expect-error a URL is missing
new Client();
// @ts-expect-error a duration is a number
new Client("/ws", { pingInterval: "25s" });
// @ts-expect-error unknown option
new Client("/ws", { pingPeriod: 1 });
new Client("/ws", { WebSocket });

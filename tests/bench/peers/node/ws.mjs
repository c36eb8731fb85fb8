// The events of the benchmark on npm's ws.
import { WebSocketServer } from "ws";

const readers = new Set();
const emit = (socket, event, data) => socket.send(JSON.stringify({ event, data }));
const handlers = new Map([
  ["echo", (socket, data) => emit(socket, "echo", data)],
  ["join", (socket) => readers.add(socket)],
  ["publish", (_socket, data) => {
    const text = JSON.stringify({ event: "news", data });
    for (const reader of readers) reader.send(text);
  }],
]);

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
server.on("connection", (socket) => {
  socket.on("message", (text) => {
    const { event, data } = JSON.parse(text);
    handlers.get(event)?.(socket, data);
  });
  socket.on("close", () => readers.delete(socket));
});
server.on("listening", () => console.log("listening", server.address().port));

// The events of the benchmark on socket.io, over WebSocket without HTTP polling.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const server = new Server(http, { transports: ["websocket"], serveClient: false, maxHttpBufferSize: 2 << 20 });
server.on("connection", (socket) => {
  socket.on("echo", (data) => socket.emit("echo", data));
  socket.on("join", () => socket.join("readers"));
  socket.on("publish", (data) => server.to("readers").emit("news", data));
});
http.listen(0, "127.0.0.1", () => console.log("listening", http.address().port));

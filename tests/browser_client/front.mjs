// Serves a page, and hands its WebSockets on to the library's server as they are: to the browser, and to the server's
// check of the origin, both are one. A server that is away is a connection that breaks.
import { createServer } from "node:http";
import { once } from "node:events";
import { connect } from "node:net";

// `files`: path → [content type, body]. `findServer` tells the URL of the server at the moment.
export async function startFront(files, findServer) {
  const front = createServer((request, response) => {
    const [type, body] = files[request.url] ?? [];
    response.writeHead(type ? 200 : 404, { "Content-Type": type ?? "text/plain" }).end(body);
  });
  front.on("upgrade", ({ method, url, rawHeaders }, socket, head) => {
    const { hostname, port } = findServer(), behind = connect({ host: hostname, port });
    const headers = rawHeaders.map((text, index) => (index % 2 ? `: ${text}\r\n` : text)).join("");
    behind.write(`${method} ${url} HTTP/1.1\r\n${headers}\r\n`);
    behind.write(head);
    socket.pipe(behind).pipe(socket);
    for (const [one, other] of [[socket, behind], [behind, socket]]) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  return {
    url: `http://127.0.0.1:${front.address().port}/`,
    stop() {
      front.closeAllConnections();
      front.close();
    },
  };
}

// A reverse proxy: serves the files of a page, and forwards its WebSocket connections unchanged to the library's server. So
// the page and the server have the same origin. If the server is not running, the connection breaks.
import { createServer } from "node:http";
import { once } from "node:events";
import { connect } from "node:net";

// `files`: path → [content type, body]. `findServer` returns the current URL of the server.
export async function startReverseProxy(files, findServer) {
  const proxy = createServer((request, response) => {
    const [type, body] = files[request.url] ?? [];
    response.writeHead(type ? 200 : 404, { "Content-Type": type ?? "text/plain" }).end(body);
  });
  proxy.on("upgrade", ({ method, url, rawHeaders }, socket, head) => {
    const { hostname, port } = findServer(), upstream = connect({ host: hostname, port });
    const headers = rawHeaders.map((text, index) => (index % 2 ? `: ${text}\r\n` : text)).join("");
    upstream.write(`${method} ${url} HTTP/1.1\r\n${headers}\r\n`);
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
    for (const [source, target] of [[socket, upstream], [upstream, socket]]) {
      source.on("error", () => target.destroy());
      source.on("close", () => target.destroy());
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://127.0.0.1:${proxy.address().port}/`,
    stop() {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}

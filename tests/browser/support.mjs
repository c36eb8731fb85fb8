// Shared by the browser tests: starts a program that prints its URL, starts Chromium, and collects a page's errors.
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { chromium } from "playwright-core";

export async function step(name, run) {
  const start = performance.now();
  const note = await run();
  console.log(`ok  ${name}${note ? `: ${note}` : ""} (${Math.round(performance.now() - start)} ms)`);
}

// Resolves when the program has printed a URL. `exited` resolves with the exit code and the signal.
export async function startProgram(program, flags, env = process.env) {
  const server = spawn(program, flags, { stdio: ["ignore", "pipe", "inherit"], env });
  const exited = new Promise((resolve) => server.on("exit", (code, signal) => resolve({ code, signal })));
  const url = await new Promise((resolve, reject) => {
    let printed = "";
    server.stdout.on("data", (data) => {
      printed += data;
      const found = printed.match(/http:\/\/\S+\n/);
      if (found) resolve(new URL(found[0].trim()));
    });
    exited.then((status) => reject(new Error(`the program ended before it printed a URL: ${JSON.stringify(status)}`)));
  });
  return { server, exited, url };
}

// The environment variable CHROMIUM may name the browser; the default is /usr/bin/chromium.
export function launchBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"],
  });
}

// Adds each console error and warning, exception, and failed request of the page, except console texts that `isExpected`
// accepts.
export function collectComplaints(page, complaints, isExpected = () => false) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !isExpected(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (failed) => complaints.push(`failed: ${failed.url()}`));
  page.on("response", (response) => { if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`); });
}

// Starts a TCP proxy between the browser and a program on this machine. `refuse` breaks its connections and refuses new
// ones, until `accept` is called.
export async function startProxy(target) {
  const sockets = new Set();
  let refuses = false;
  const proxy = createServer((socket) => {
    if (refuses) return socket.destroy();
    const upstream = connect(target, "127.0.0.1");
    for (const end of [socket, upstream]) {
      sockets.add(end);
      end.on("error", () => {});
      end.on("close", () => { sockets.delete(end); socket.destroy(); upstream.destroy(); });
    }
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    port: proxy.address().port,
    refuse() { refuses = true; for (const socket of sockets) socket.destroy(); },
    accept() { refuses = false; },
    stop() { this.refuse(); proxy.close(); },
  };
}

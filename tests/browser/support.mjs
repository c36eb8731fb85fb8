// What the tests of pages share: a program that prints its URL, a browser, and what a page complains of.
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { chromium } from "playwright-core";

export async function step(name, act) {
  const start = performance.now();
  const note = await act();
  console.log(`ok  ${name}${note ? `: ${note}` : ""} (${Math.round(performance.now() - start)} ms)`);
}

// Resolves when the program has printed a URL; `exited` resolves with how it ended.
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
    exited.then((how) => reject(new Error(`the program ended: ${JSON.stringify(how)}`)));
  });
  return { server, exited, url };
}

// /usr/bin/chromium, or what CHROMIUM names.
export function launchBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"],
  });
}

// Adds whatever goes wrong in the page, but what `isExpected`.
export function collectComplaints(page, complaints, isExpected = () => false) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !isExpected(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (failed) => complaints.push(`failed: ${failed.url()}`));
  page.on("response", (response) => { if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`); });
}

// A line between a browser and a program on this machine that can be cut.
export async function startProxy(target) {
  const sockets = new Set();
  let refuses = false;
  const proxy = createServer((socket) => {
    if (refuses) return socket.destroy();
    const far = connect(target, "127.0.0.1");
    for (const one of [socket, far]) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => { sockets.delete(one); socket.destroy(); far.destroy(); });
    }
    socket.pipe(far).pipe(socket);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    port: proxy.address().port,
    refuse() { refuses = true; for (const socket of sockets) socket.destroy(); },
    accept() { refuses = false; },
    stop() { this.refuse(); proxy.close(); },
  };
}

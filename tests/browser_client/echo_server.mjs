// Starts the program examples/echo.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export async function startEcho(program, port = 0) {
  const child = spawn(program, ["--port", String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const line = once(createInterface(child.stdout), "line");
  const [url] = await Promise.race([line, ended.then(() => { throw new Error(`${program} ended before it printed its URL`); })]);
  return {
    url: new URL(url),
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      await ended;
    },
  };
}

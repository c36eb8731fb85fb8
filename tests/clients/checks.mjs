// What the clients in JavaScript share: their flags, steps, and what the server is asked to echo.
export const port = Number(process.argv[process.argv.indexOf("--port") + 1]);
export const url = `ws://127.0.0.1:${port}/`;
export const bound = 1 << 20;    // of one message, in the server

export async function step(name, act) {
  const start = performance.now();
  await act();
  console.log(`ok  ${name} (${Math.round(performance.now() - start)} ms)`);
}

// Runs all, says how many steps were done, and ends the process: nothing may wait longer than that.
export async function main(run) {
  const patience = setTimeout(() => { console.log("FAIL not done within 60 s"); process.exit(1); }, 60_000);
  try {
    await run();
  } catch (error) {
    console.log("FAIL", error);
    process.exitCode = 1;
  }
  clearTimeout(patience);
}

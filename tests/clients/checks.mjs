// Shared by the JavaScript clients: the server's address, its message bound, and the steps of a test.
export const port = Number(process.argv[process.argv.indexOf("--port") + 1]);
export const url = `ws://127.0.0.1:${port}/`;
export const maxMessageBytes = 1 << 20; // the server's bound

export async function step(name, run) {
  const start = performance.now();
  await run();
  console.log(`ok  ${name} (${Math.round(performance.now() - start)} ms)`);
}

// Runs the test. Ends the process with an error if the test fails or takes longer than 60 s.
export async function main(run) {
  const timer = setTimeout(() => { console.log("FAIL not done within 60 s"); process.exit(1); }, 60_000);
  try {
    await run();
  } catch (error) {
    console.log("FAIL", error);
    process.exitCode = 1;
  }
  clearTimeout(timer);
}

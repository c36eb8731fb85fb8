// Drives examples/repl_terminal with a real browser.
//   node terminal.mjs PROGRAM SCREENSHOT_FOLDER [FLAG…]     flags go to the program, e.g. --page DIR
import { end, picture } from "./terminal/session.mjs";

try {
  // One page through all of them, in this order.
  for (const steps of ["shells", "files", "open_files", "looks", "windows", "server_gone"]) await import(`./terminal/${steps}.mjs`);
} catch (error) {
  await picture("failed");
  throw error;
} finally {
  await end();
}

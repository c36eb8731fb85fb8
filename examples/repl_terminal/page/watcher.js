// Tells the server to watch the open files and folders.

import { toast } from "/toasts.js";

// The server's limits. It refuses the whole request if one is exceeded.
const MAX_PATHS = 256;
const MAX_DEPTH = 64;

export class Watcher {
  #connection;
  #wanted = { files: [], folders: [] };
  #lastSent = "";

  constructor(connection) {
    this.#connection = connection;
    connection.onState(({ name }) => {
      if (name !== "connected") return;
      this.#lastSent = "";
      this.#send();
    });
  }

  // `kind` is "files" or "folders". Replaces the earlier paths of that kind. If there are too many, files come before
  // folders, and the first paths of each kind are watched.
  watch(kind, paths) {
    this.#wanted[kind] = paths;
    queueMicrotask(() => this.#send());
  }

  // The callback gets { path, kind, hash? }. The kind is "file", "folder" or "deleted".
  onChanged(callback) { this.#connection.on("changed", callback); }

  #send() {
    const { files, folders } = this.#wanted;
    const paths = [...files, ...folders].filter((path) => path.split("/").length <= MAX_DEPTH).slice(0, MAX_PATHS);
    const message = JSON.stringify(paths);
    if (message === this.#lastSent) return;
    if (!this.#connection.isConnected) return;
    this.#lastSent = message;
    this.#connection.request("watch", { paths }).catch((error) => {
      if (this.#connection.isConnected) toast(`Changes on disk are not reported now: ${error.message}`, { kind: "note" });
    });
  }
}

// Tells the server which files and folders to watch: those that are open.

import { toast } from "/toasts.js";

const MOST = 256;

export class Watcher {
  #connection;
  #wanted = { files: [], folders: [] };
  #told = "";

  constructor(connection) {
    this.#connection = connection;
    connection.onState(({ name }) => {
      if (name !== "connected") return;
      this.#told = "";
      this.#tell();
    });
  }

  // `kind` is "files" or "folders"; the new ones take the place of those before.
  watch(kind, paths) {
    this.#wanted[kind] = paths;
    queueMicrotask(() => this.#tell());
  }

  // Gets { path, kind: "file" | "folder" | "deleted", hash? }.
  onChanged(callback) { this.#connection.on("changed", callback); }

  #tell() {
    const paths = [...this.#wanted.files, ...this.#wanted.folders].slice(0, MOST);
    const told = JSON.stringify(paths);
    if (told === this.#told) return;
    if (!this.#connection.isConnected) return;
    this.#told = told;
    this.#connection.request("watch", { paths }).catch((error) => {
      if (this.#connection.isConnected) toast(`What changes on disk is not told now: ${error.message}`, { kind: "note" });
    });
  }
}

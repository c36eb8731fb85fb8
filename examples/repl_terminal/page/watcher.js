// Tells the server which files and folders to watch: those that are open.

import { toast } from "/toasts.js";

// What the server watches for one window; of more, or of a path that is deeper, it would watch nothing at all.
const MOST = 256;
const DEEPEST = 64;

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

  // `kind` is "files" or "folders"; the new ones take the place of those before. Where they are too many, files are watched
  // before folders, and of each kind the first.
  watch(kind, paths) {
    this.#wanted[kind] = paths;
    queueMicrotask(() => this.#tell());
  }

  // Gets { path, kind: "file" | "folder" | "deleted", hash? }.
  onChanged(callback) { this.#connection.on("changed", callback); }

  #tell() {
    const { files, folders } = this.#wanted;
    const paths = [...files, ...folders].filter((path) => path.split("/").length <= DEEPEST).slice(0, MOST);
    const told = JSON.stringify(paths);
    if (told === this.#told) return;
    if (!this.#connection.isConnected) return;
    this.#told = told;
    this.#connection.request("watch", { paths }).catch((error) => {
      if (this.#connection.isConnected) toast(`What changes on disk is not told now: ${error.message}`, { kind: "note" });
    });
  }
}

// The file events as promises. An answer is an event of its own, and is matched by the paths that it contains.

import { connectionLost } from "/connection.js";

// An error from the server, with its other fields ({ binary, size }, { conflict }…).
export class FileError extends Error {
  constructor({ error, ...more }) {
    super(error);
    Object.assign(this, more);
  }
}

export class Files {
  isReadOnly = false;  // the server allows no changes
  #connection;
  #requests = [];  // { event, names, resolve, reject }, oldest first; a request that timed out keeps its position
  #listeners = new Set();

  constructor(connection) {
    this.#connection = connection;
    for (const event of ["fetchDir", "fetchContent", "updateContent", "createFile", "createFolder", "delete", "rename", "copy"]) {
      connection.on(`${event}Response`, (answer) => this.#onAnswer(event, answer));
    }
    connection.on("Loaded", ({ readOnly = false }) => {
      this.isReadOnly = readOnly;
      for (const listener of this.#listeners) listener(readOnly);
    });
    connection.onState(({ name }) => {
      if (name === "away") for (const { reject } of this.#requests.splice(0)) reject(connectionLost());
      if (name === "connected") connection.emit("Connection");
    });
  }

  // Calls the callback now and whenever the server reports its mode.
  onReadOnly(callback) {
    this.#listeners.add(callback);
    callback(this.isReadOnly);
  }

  async list(folder) { return (await this.#ask("fetchDir", { Dir: folder }, { path: folder })).contents; }
  read(path) { return this.#ask("fetchContent", { path }); }
  // `hash` is the hash of the content from which the patch was made.
  save(path, patch, hash) { return this.#ask("updateContent", { path, patch, hash }, { path }); }
  createFile(path) { return this.#ask("createFile", { path }); }
  createFolder(path) { return this.#ask("createFolder", { path }); }
  remove(path) { return this.#ask("delete", { path }); }
  rename(oldPath, newPath) { return this.#ask("rename", { oldPath, newPath }); }
  copy(sourcePath, targetPath) { return this.#ask("copy", { sourcePath, targetPath }); }
  // Resolves with { paths, truncated }, all files below the root.
  listAll() { return this.#connection.request("listFiles"); }

  // The reply reports the errors that prevent an answer, for example that the server is read-only.
  #ask(event, data, names = data) {
    const request = { event, names };
    const answer = new Promise((resolve, reject) => Object.assign(request, { resolve, reject }));
    this.#requests.push(request);
    this.#connection.requestWithoutTimeout(event, data).then(() => this.#connection.withTimeout(answer)).catch((error) => {
      this.#requests = this.#requests.filter((one) => one !== request);
      request.reject(error.isTimeout ? Object.assign(new Error("The server's answer was lost."), { isOutcomeUnknown: true }) : error);
    });
    return this.#connection.withTimeout(answer);
  }

  #onAnswer(event, answer) {
    const isMatch = (one) => one.event === event && Object.entries(one.names).every(([name, path]) => answer[name] === undefined || answer[name] === path);
    const at = this.#requests.findIndex(isMatch);
    if (at < 0) return;
    const [{ resolve, reject }] = this.#requests.splice(at, 1);
    if (answer.error) reject(new FileError(answer));
    else resolve(answer);
  }
}

// The events of files, as promises: an answer is an event of its own, which names the paths that it answers.

// What the server says, with all that it says besides ({ binary, size }, { conflict }…).
export class FileError extends Error {
  constructor({ error, ...more }) {
    super(error);
    Object.assign(this, more);
  }
}

export class Files {
  isReadOnly = false;  // the server lets nothing be changed
  #connection;
  #asked = [];
  #watchers = new Set();

  constructor(connection) {
    this.#connection = connection;
    for (const event of ["fetchDir", "fetchContent", "updateContent", "createFile", "createFolder", "delete", "rename", "copy"]) {
      connection.on(`${event}Response`, (answer) => this.#answered(event, answer));
    }
    connection.on("Loaded", ({ readOnly = false }) => {
      this.isReadOnly = readOnly;
      for (const watcher of this.#watchers) watcher(readOnly);
    });
    connection.onState(({ name }) => {
      if (name === "away") this.#asked = [];
      if (name === "connected") connection.emitSurely("Connection");
    });
  }

  // Whether the server lets nothing be changed, at once and whenever it says so.
  onReadOnly(callback) {
    this.#watchers.add(callback);
    callback(this.isReadOnly);
  }

  async list(folder) { return (await this.#ask("fetchDir", { Dir: folder }, { path: folder })).contents; }
  read(path) { return this.#ask("fetchContent", { path }); }
  // `hash` is of the content that the patch was made from.
  save(path, patch, hash) { return this.#ask("updateContent", { path, patch, hash }, { path }); }
  createFile(path) { return this.#ask("createFile", { path }); }
  createFolder(path) { return this.#ask("createFolder", { path }); }
  remove(path) { return this.#ask("delete", { path }); }
  rename(oldPath, newPath) { return this.#ask("rename", { oldPath, newPath }); }
  copy(sourcePath, targetPath) { return this.#ask("copy", { sourcePath, targetPath }); }
  // All below the root, { paths, truncated }.
  listAll() { return this.#connection.request("listFiles"); }

  #ask(event, data, names = data) {
    return new Promise((resolve, reject) => {
      const asked = { event, names, resolve, reject };
      this.#asked.push(asked);
      // The reply tells only what went wrong on the way: that the server allows no changes, that nothing comes at all.
      this.#connection.request(event, data).catch((error) => {
        // One that is late keeps its place, so that its answer is not taken for the next one's.
        if (!error.isLate) this.#asked = this.#asked.filter((one) => one !== asked);
        reject(error);
      });
    });
  }

  #answered(event, answer) {
    const isMeant = (one) => one.event === event && Object.entries(one.names).every(([name, path]) => answer[name] === undefined || answer[name] === path);
    const at = this.#asked.findIndex(isMeant);
    if (at < 0) return;
    const [{ resolve, reject }] = this.#asked.splice(at, 1);
    if (answer.error) reject(new FileError(answer));
    else resolve(answer);
  }
}

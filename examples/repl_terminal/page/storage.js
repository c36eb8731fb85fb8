// Storage that survives a reload. If the browser denies access to it, nothing is stored.

class Store {
  #area;
  constructor(name) {
    try { this.#area = window[name]; } catch { /* access denied */ }
  }
  get(key, fallback) {
    try {
      return JSON.parse(this.#area.getItem(`repl-terminal-${key}`)) ?? fallback;
    } catch {
      return fallback;
    }
  }
  set(key, value) {
    try { this.#area.setItem(`repl-terminal-${key}`, JSON.stringify(value)); } catch { /* access denied, or full */ }
  }
}

export const localStore = new Store("localStorage");  // preferences: theme, sizes
export const sessionStore = new Store("sessionStorage");  // open files and terminals, separate for each window

// What outlives a reload. A browser may refuse to keep anything, and then nothing is kept.

class Store {
  #area;
  constructor(name) {
    try { this.#area = window[name]; } catch { /* refused */ }
  }
  get(key, fallback) {
    try {
      return JSON.parse(this.#area.getItem(`repl-terminal-${key}`)) ?? fallback;
    } catch {
      return fallback;
    }
  }
  set(key, value) {
    try { this.#area.setItem(`repl-terminal-${key}`, JSON.stringify(value)); } catch { /* refused, or full */ }
  }
}

export const ofBrowser = new Store("localStorage");   // taste: theme, sizes
export const ofWindow = new Store("sessionStorage");  // what is open, which each window has for itself

// What the page remembers across a reload.
//
// sessionStorage, not localStorage: a wish is private and the computer may be shared, so it lives as long
// as the tab and no longer, and «Спрятать» wipes it. Only the theme, which tells nothing, stays.
const KEPT = ["theme"]

export const memory = {
  recall: (name, fallback) => read(sessionStorage, name) ?? fallback,
  remember: (name, value) => write(sessionStorage, name, value),
  forget: (name) => sessionStorage.removeItem(name),
  forgetAll: () => sessionStorage.clear(),

  theme: () => read(localStorage, KEPT[0]) ?? "",
  keepTheme: (theme) => write(localStorage, KEPT[0], theme),
}

// Storage may be full or forbidden; forgetting is better than failing.
function read(storage, name) {
  try {
    return JSON.parse(storage.getItem(name))
  } catch {
    return null
  }
}

function write(storage, name, value) {
  try {
    storage.setItem(name, JSON.stringify(value))
  } catch {
    // nothing to do: the page works without a memory
  }
}

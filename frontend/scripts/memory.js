// What the page remembers across a reload.
//
// sessionStorage, not localStorage: a wish is private and the computer may be shared, so it lives as long
// as the tab and no longer, and «Спрятать» wipes it. Only the theme, which tells nothing, stays.
export const memory = {
  recall: (name, fallback) => attempt(() => JSON.parse(sessionStorage.getItem(name))) ?? fallback,
  remember: (name, value) => attempt(() => sessionStorage.setItem(name, JSON.stringify(value))),
  forgetAll: () => attempt(() => sessionStorage.clear()),

  theme: () => attempt(() => JSON.parse(localStorage.getItem("theme"))) ?? "",
  keepTheme: (theme) => attempt(() => localStorage.setItem("theme", JSON.stringify(theme))),
}

// Storage may be full or forbidden; a page without a memory is better than no page.
function attempt(deed) {
  try {
    return deed()
  } catch {
    return null
  }
}

// Runs before the first paint, so that a chosen theme doesn't flash.
try {
  const theme = JSON.parse(localStorage.getItem("theme"))
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme
} catch {
  // no storage: the system's theme it is
}

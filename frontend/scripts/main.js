// Puts the page together: names in the markup meet their components here.
import Alpine from "@alpinejs/csp"
import { components, stores } from "./components/index.js"
import { withoutSoftHyphens } from "./russian.js"

for (const [name, store] of Object.entries(stores)) Alpine.store(name, store())
for (const [name, component] of Object.entries(components)) Alpine.data(name, component)

// Soft hyphens are for the eye; what is copied is the text itself.
document.addEventListener("copy", (event) => {
  const selected = String(getSelection())
  const clean = withoutSoftHyphens(selected)
  if (clean === selected) return
  event.clipboardData.setData("text/plain", clean)
  event.preventDefault()
})

Alpine.start()

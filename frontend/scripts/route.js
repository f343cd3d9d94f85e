// Where we are, kept after the # so that reload, back and bookmarks work without a server's help.
const ROUTES = new Map([
  ["library", "library"],
  ["corpus", "corpus"],
  ["manuscripts", "manuscript"],
  ["stories", "story"],
])

/** "#/manuscripts/12" -> {name: "manuscript", id: "12"}; the unknown leads to the form. */
export function parseRoute(hash) {
  const [section = "", rest = ""] = hash.replace(/^#?\/?/, "").split("/")
  const name = ROUTES.get(section) ?? "write"
  const id = decoded(rest)
  if (name === "manuscript") return id ? { name, id } : { name: "library", id }
  if (name === "story") return id ? { name, id } : { name: "corpus", id }
  return { name, id: "" }
}

function decoded(part) {
  try {
    return decodeURIComponent(part)
  } catch {
    return ""
  }
}

export const links = {
  write: () => "#/",
  library: () => "#/library",
  corpus: () => "#/corpus",
  manuscript: (id) => `#/manuscripts/${encodeURIComponent(id)}`,
  story: (id) => `#/stories/${encodeURIComponent(id)}`,
}

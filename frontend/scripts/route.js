// Where we are, kept after the # so that reload, back and bookmarks work without a server's help.
const ROUTES = { "": "write", library: "library", corpus: "corpus", manuscripts: "manuscript", stories: "story" }

/** "#/manuscripts/12" -> {name: "manuscript", id: "12"}; the unknown leads to the form. */
export function parseRoute(hash) {
  const [section = "", id = ""] = hash.replace(/^#?\/?/, "").split("/")
  const name = ROUTES[section] ?? "write"
  const needsId = name === "manuscript" || name === "story"
  if (needsId && !id) return { name: name === "story" ? "corpus" : "library", id: "" }
  return { name, id: needsId ? decodeURIComponent(id) : "" }
}

export const links = {
  write: () => "#/",
  library: () => "#/library",
  corpus: () => "#/corpus",
  manuscript: (id) => `#/manuscripts/${encodeURIComponent(id)}`,
  story: (id) => `#/stories/${encodeURIComponent(id)}`,
}

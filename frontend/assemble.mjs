// Puts the views into index.html where it says <!-- include views/name.html -->; views may include views.
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"

const INCLUDE = /[ \t]*<!-- include (\S+) -->/g

export function assemble(file, root = dirname(file)) {
  return readFileSync(file, "utf8").replace(INCLUDE, (_, path) => assemble(join(root, path), root))
}

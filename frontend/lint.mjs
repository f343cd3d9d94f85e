// Reads the page as the CSP build of Alpine will: a failing expression there leaves old text on the screen and
// only whispers to the console, so it must fail here. Run by `npm run lint`; prints each finding, exits with 1.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as esbuild from "esbuild"
import { assemble } from "./assemble.mjs"
import { lintAddresses, lintHtml } from "./lint_rules.mjs"

const HERE = fileURLToPath(new URL(".", import.meta.url))

/** Bundle and load what the rules need: the CSP build's own parser, our components, our sentences. */
export async function loadPage() {
  const contents = `
    export { Tokenizer, Parser } from "@alpinejs/csp/src/parser.js"
    export { components, stores } from "./scripts/components/index.js"
    export { messages } from "./scripts/messages.js"`
  const { outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir: HERE },
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "warning",
  })
  const folder = mkdtempSync(join(tmpdir(), "page-"))
  try {
    writeFileSync(join(folder, "page.mjs"), outputFiles[0].contents)
    return await import(join(folder, "page.mjs"))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const sources = (folder) =>
  readdirSync(join(HERE, folder), { recursive: true })
    .filter((name) => /\.(js|css|html)$/.test(name))
    .map((name) => join(folder, name))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { expressions, findings } = lintHtml(assemble(join(HERE, "index.html")), await loadPage())
  for (const file of ["index.html", ...sources("views"), ...sources("scripts"), ...sources("styles")]) {
    findings.push(...lintAddresses(file, readFileSync(join(HERE, file), "utf8")))
  }
  findings.forEach((finding) => console.log(finding))
  console.log(`${expressions} expressions, ${findings.length} findings`)
  process.exit(findings.length ? 1 : 0)
}

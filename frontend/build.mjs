// Builds the page: views into one index.html, scripts and styles into assets named by their content.
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename } from "node:path"
import { fileURLToPath } from "node:url"
import * as esbuild from "esbuild"
import { assemble } from "./assemble.mjs"

const HERE = fileURLToPath(new URL(".", import.meta.url))
const DIST = `${HERE}dist`
const TAILWIND = `${HERE}node_modules/.bin/tailwindcss`

rmSync(DIST, { recursive: true, force: true })
mkdirSync(`${DIST}/assets`, { recursive: true })

const assets = { ...(await bundleScripts()), ...(await bundleStyles()), "icon.svg": copyIcon() }
writeFileSync(`${DIST}/index.html`, addressed(assemble(`${HERE}index.html`), assets))
for (const [name, built] of Object.entries(assets)) console.log(`${name} -> ${built}`)

async function bundleScripts() {
  const result = await esbuild.build({
    ...common(),
    entryPoints: { page: `${HERE}scripts/main.js`, theme: `${HERE}scripts/theme.js` },
    format: "iife",
    target: "es2022",
  })
  return outputs(result, "js")
}

async function bundleStyles() {
  const css = execFileSync(TAILWIND, ["--input", "styles/page.css", "--minify"], { cwd: HERE, stdio: ["ignore", "pipe", "ignore"] })
  const result = await esbuild.build({
    ...common(),
    entryNames: "page-[hash]",
    stdin: { contents: `@import "./fonts.css";\n${css}`, loader: "css", resolveDir: `${HERE}styles`, sourcefile: "page.css" },
    loader: { ".woff2": "file" },
    assetNames: "fonts/[name]-[hash]",
  })
  return outputs(result, "css")
}

function common() {
  return { absWorkingDir: HERE, outdir: `${DIST}/assets`, bundle: true, minify: true, metafile: true, entryNames: "[name]-[hash]", legalComments: "none", logLevel: "warning" }
}

function outputs(result, extension) {
  const made = Object.keys(result.metafile.outputs).filter((path) => path.endsWith(`.${extension}`))
  return Object.fromEntries(made.map((path) => [`${basename(path).split("-")[0]}.${extension}`, basename(path)]))
}

function copyIcon() {
  const icon = readFileSync(`${HERE}icon.svg`)
  const name = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`
  writeFileSync(`${DIST}/assets/${name}`, icon)
  return name
}

// A name that isn't found would leave a dead link in the page: better no page.
function addressed(html, assets) {
  return html.replace(/\/assets\/([\w.]+)/g, (_, name) => {
    if (!assets[name]) throw new Error(`index.html names /assets/${name}, which was not built`)
    return `/assets/${assets[name]}`
  })
}

// The rules of the lint, as functions of text: each finding is one sentence with a line number.
const VOID = new Set(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
const SVG_LEAF = new Set(["path", "circle", "rect", "line"])
const ENTITIES = { quot: '"', amp: "&", lt: "<", gt: ">", apos: "'" }

// What Alpine gives to every expression.
const MAGIC = ["$el", "$refs", "$store", "$dispatch", "$nextTick", "$watch", "$root", "$data", "$id", "$event", "undefined"]
// Attributes in which an expression may not return a string of style or markup.
const FORBIDDEN = {
  "x-html": "x-html is prohibited: text from a model must stay text",
  style: "a style attribute is blocked by style-src; use a class",
  ":style": "bound styles are not used here; use a class",
  "x-cloak": "nothing to cloak: the page is built from templates",
}

/** Check the assembled page; `page` gives {Tokenizer, Parser, components, stores, messages}. */
export function lintHtml(html, page) {
  const findings = []
  let expressions = 0
  const known = knownNames(page)
  const open = []

  for (const tag of tagsOf(html)) {
    const say = (problem) => findings.push(`${tag.line}: <${tag.name}> ${problem}`)
    if (tag.isEnd) {
      const last = open.pop()
      if (last?.name !== tag.name) say(`closes <${last?.name ?? "nothing"}> of line ${last?.line ?? "-"}`)
      continue
    }
    checkPlain(tag, say)
    const scope = scopeOf(tag, open.at(-1)?.scope ?? new Set(MAGIC), known, say)
    for (const { attribute, expression } of expressionsOf(tag)) {
      expressions++
      checkExpression(attribute, expression, scope, page, say)
    }
    if (!VOID.has(tag.name) && !tag.closesItself && !SVG_LEAF.has(tag.name)) open.push({ ...tag, scope })
  }
  open.forEach((tag) => findings.push(`${tag.line}: <${tag.name}> is never closed`))
  return { expressions, findings }
}

/** No address but our own: nothing is fetched from outside, not even by a stylesheet. */
export function lintAddresses(file, text) {
  const findings = []
  text.split("\n").forEach((line, place) => {
    const outside = line.match(/(?:https?:)?\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)+/i)
    if (outside && !/^\s*(?:\/\/|\/?\*)/.test(line)) findings.push(`${file}:${place + 1} an outside address: ${outside[0]}`)
  })
  return findings
}

function checkPlain(tag, say) {
  for (const [name, value] of tag.attributes) {
    if (FORBIDDEN[name]) say(FORBIDDEN[name])
    if (/^on/.test(name)) say(`${name}: an inline handler is blocked by script-src`)
    if (/^\s*javascript:/i.test(value)) say(`${name}: a javascript: address`)
  }
  const attributes = new Map(tag.attributes)
  if (tag.name === "script" && !attributes.has("src")) say("an inline script is blocked by script-src")
  if (tag.name === "style") say("an inline style is blocked by style-src")
  if (attributes.get("target") === "_blank" && attributes.get("rel") !== "noopener noreferrer") say('a new tab needs rel="noopener noreferrer"')
  if (tag.name === "button" && !attributes.has("type")) say("a button without a type submits the form")
}

function knownNames({ components, stores }) {
  const own = (make) => new Set(Object.getOwnPropertyNames(make()))
  const names = (group) => new Map(Object.entries(group).map(([name, make]) => [name, own(make)]))
  return { components: names(components), stores: names(stores) }
}

function scopeOf(tag, outer, known, say) {
  const attributes = new Map(tag.attributes)
  const scope = new Set(outer)
  scope.stores = known.stores
  const component = attributes.get("x-data")
  if (component !== undefined) {
    if (known.components.has(component)) known.components.get(component).forEach((name) => scope.add(name))
    else say(`x-data="${component}" is not a component`)
  }
  const loop = attributes.get("x-for")
  if (loop !== undefined) namesOfLoop(loop).forEach((name) => scope.add(name))
  return scope
}

const namesOfLoop = (loop) => loop.replace(/\s+(?:in|of)\s+.*$/s, "").replace(/[()]/g, "").split(",").map((name) => name.trim())

function* expressionsOf(tag) {
  for (const [attribute, value] of tag.attributes) {
    const base = attribute.split(".")[0]
    const isExpression = /^(?:x-(?!data|ref|transition|cloak|ignore|teleport)|:|@)/.test(base)
    if (!isExpression || value === "") continue
    yield { attribute: base, expression: base === "x-for" ? value.replace(/^.*?\s+(?:in|of)\s+/s, "") : value }
  }
}

function checkExpression(attribute, expression, scope, { Tokenizer, Parser, messages }, say) {
  let tree
  try {
    tree = new Parser(new Tokenizer(expression).tokenize()).parse()
  } catch (error) {
    return say(`${attribute}="${expression}": ${error.message}`)
  }
  for (const path of pathsOf(tree)) {
    const [root, ...rest] = path
    if (!scope.has(root)) say(`${attribute}="${expression}": nothing here is called ${root}`)
    if (root === "t" && !resolves(messages, rest)) say(`${attribute}="${expression}": there is no sentence ${path.join(".")}`)
    if (root === "$store" && rest.length && !scope.stores.get(rest[0])?.has(rest[1] ?? "")) {
      say(`${attribute}="${expression}": there is no ${path.slice(0, 3).join(".")}`)
    }
  }
}

function resolves(tree, path) {
  return path.every((name) => {
    tree = tree?.[name]
    return tree !== undefined
  })
}

/** Every name an expression reads, with the plain members after it: `t.form.wish` -> ["t", "form", "wish"]. */
function* pathsOf(node) {
  if (!node || typeof node !== "object") return
  if (node.type === "Identifier") return yield [node.name]
  if (node.type === "MemberExpression") {
    const path = plainPath(node)
    if (path) return yield path
    yield* pathsOf(node.object)
    if (node.computed) yield* pathsOf(node.property)
    return
  }
  if (node.type === "ObjectExpression") {
    for (const property of node.properties) yield* pathsOf(property.value)
    return
  }
  for (const child of Object.values(node)) {
    if (Array.isArray(child)) for (const item of child) yield* pathsOf(item)
    else yield* pathsOf(child)
  }
}

function plainPath(node) {
  if (node.type === "Identifier") return [node.name]
  if (node.type !== "MemberExpression" || node.computed) return null
  const path = plainPath(node.object)
  return path && [...path, node.property.name]
}

/** Split our own, well-formed HTML into tags: {name, attributes: [[name, value]], line, isEnd, closesItself}. */
function* tagsOf(html) {
  const text = html.replace(/<!--.*?-->/gs, (comment) => comment.replace(/[^\n]/g, " "))
  const tag = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[^\s=>/]+(?:\s*=\s*"[^"]*")?)*)\s*(\/?)>/g
  for (const match of text.matchAll(tag)) {
    const [, slash, name, attributes, selfClosing] = match
    yield {
      name: name.toLowerCase(),
      attributes: [...attributes.matchAll(/([^\s=]+)(?:\s*=\s*"([^"]*)")?/g)].map(([, key, value = ""]) => [key, decode(value)]),
      line: text.slice(0, match.index).split("\n").length,
      isEnd: slash === "/",
      closesItself: selfClosing === "/",
    }
  }
}

const decode = (value) => value.replace(/&(\w+);/g, (whole, name) => ENTITIES[name] ?? whole)

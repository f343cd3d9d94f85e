// A stand-in for the backend: the same HTTP and the same event stream, with every turn a run may take.
//
//   node tests/stub.js [--port 8090]      then open the address it prints
//
// A word in the wish chooses the turn: «очередь» waits, «обрыв» fails, «запрет» is blocked, «разметка» writes
// markup, «правка» replaces text, «связь» drops the connection, «мигом» writes at once; «семнадцать» is refused.
import { createReadStream, existsSync, statSync } from "node:fs"
import { createServer } from "node:http"
import { extname, join, normalize } from "node:path"
import { fileURLToPath } from "node:url"
import { passages, prose, stories } from "./stub_texts.js"

const DIST = fileURLToPath(new URL("../dist", import.meta.url))
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
}
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" }
const EVENT_MS = Number(process.env.STUB_EVENT_MS ?? 12)

const sessions = new Set()
const manuscripts = new Map()
const runs = new Map()
let corpus = [...stories]
let serial = 0

const routes = [
  ["GET", "/api/v1/age", ({ session }) => ({ confirmed: sessions.has(session) })],
  ["POST", "/api/v1/age", openGate, "open"],
  ["DELETE", "/api/v1/age", ({ session }) => void sessions.delete(session), "open"],
  ["GET", "/api/v1/status", status],
  ["GET", "/api/v1/corpus/categories", categories],
  ["GET", "/api/v1/corpus/stories", listStories],
  ["GET", "/api/v1/corpus/stories/:id", ({ id }) => ({ ...found(corpus.find((story) => story.id === id)), chunks: [] })],
  ["DELETE", "/api/v1/corpus/stories/:id", ({ id }) => void (corpus = corpus.filter((story) => story.id !== id))],
  ["GET", "/api/v1/passages", ({ query }) => ({ items: query.get("query") === "пусто" ? [] : passages })],
  ["POST", "/api/v1/manuscripts", create],
  ["GET", "/api/v1/manuscripts", listManuscripts],
  ["GET", "/api/v1/manuscripts/:id", ({ id }) => ({ ...found(manuscripts.get(id)), last_run: recordOf(manuscripts.get(id).lastRun) })],
  ["DELETE", "/api/v1/manuscripts/:id", ({ id }) => void manuscripts.delete(id)],
  ["GET", "/api/v1/manuscripts/:id/export", exportText],
  ["POST", "/api/v1/manuscripts/:id/runs", resume],
  ["GET", "/api/v1/runs/:id", ({ id }) => ({ ...recordOf(id) })],
  ["GET", "/api/v1/runs/:id/events", stream],
  ["DELETE", "/api/v1/runs/:id", ({ id }) => void found(runs.get(id)).stop()],
]

export const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://stub")
  try {
    if (!url.pathname.startsWith("/api/")) return serveFile(url.pathname, response)
    await answer(request, response, url)
  } catch (error) {
    if (!error.status) console.error(error)
    refuse(response, error.status ?? 500, error.code ?? "internal_error", error.detail ?? "Что-то пошло не так.", error.more)
  }
})

async function answer(request, response, url) {
  const session = /session=(\w+)/.exec(request.headers.cookie ?? "")?.[1]
  for (const [method, pattern, handle] of routes) {
    const id = match(pattern, url.pathname)
    if (method !== request.method || id === null) continue
    if (!pattern.endsWith("/age") && !sessions.has(session)) throw problem(403, "age_required", "Подтвердите, что вам есть 18 лет.")
    const result = await handle({ id, session, query: url.searchParams, body: await bodyOf(request), request, response })
    if (response.headersSent) return
    return result === undefined ? send(response, 204) : send(response, request.method === "POST" ? 201 : 200, result)
  }
  throw problem(404, "not_found", "Такой страницы нет.")
}

function match(pattern, path) {
  const found = new RegExp(`^${pattern.replace(":id", "([^/]+)")}$`).exec(path)
  return found && decodeURIComponent(found[1] ?? "")
}

function openGate({ response }) {
  const session = String(++serial).padStart(8, "a")
  sessions.add(session)
  response.setHeader("set-cookie", `session=${session}; HttpOnly; SameSite=Strict; Path=/`)
}

function status() {
  return {
    version: "0.1.0",
    mode: "embedded",
    model: { provider: "offline", name: "offline", ready: true, detail: "" },
    search: { semantic: false, degraded: false, detail: "" },
    embedder: { name: "offline", dimension: 768 },
    corpus: { stories: corpus.length, chunks: corpus.length * 7, refused: 3, pending: 0 },
    queue: { running: [...runs.values()].filter((run) => run.state === "running").length, waiting: 0, limit: 8 },
  }
}

function categories() {
  const counts = new Map()
  for (const { category } of corpus) counts.set(category, (counts.get(category) ?? 0) + 1)
  return [...counts].map(([name, count]) => ({ name, stories: count }))
}

function listStories({ query }) {
  const wanted = (query.get("query") ?? "").toLowerCase()
  const category = query.get("category") ?? ""
  const found = corpus.filter((story) => (story.title + story.author).toLowerCase().includes(wanted) && (!category || story.category === category))
  return page(found.map(({ text, ...summary }) => ({ ...summary, length: text.length })), query)
}

function listManuscripts({ query }) {
  const wanted = (query.get("query") ?? "").toLowerCase()
  const found = [...manuscripts.values()].reverse().filter((item) => (item.title + item.request.wish).toLowerCase().includes(wanted))
  return page(found.map(({ scenes: _, ...summary }) => summary), query)
}

function page(items, query) {
  const limit = Number(query.get("limit") ?? 20)
  const start = Number(query.get("cursor") ?? 0)
  const next = start + limit < items.length ? String(start + limit) : null
  return { items: items.slice(start, start + limit), next_cursor: next, total: items.length }
}

function create({ body }) {
  const asked = JSON.stringify(body)
  if (/семнадцать/i.test(asked)) throw problem(403, "minor_content", "Такую историю мы не пишем: здесь всем героям есть восемнадцать. Измените пожелание и попробуйте ещё раз.")
  if (/занято/i.test(asked)) throw problem(503, "queue_full", "Очередь заполнена. Попробуйте чуть позже.", { "retry-after": "40" })
  const id = `m${++serial}`
  const now = new Date().toISOString()
  manuscripts.set(id, { id, title: body.wish.slice(0, 60), request: { words: 800, ...body }, plan: null, bible: null, scenes: [], revision: 1, words: 0, created_at: now, updated_at: now })
  const run = start(id, body.wish, Math.min(body.words ?? 800, 5000))
  return { manuscript_id: id, run_id: run, events_url: `/api/v1/runs/${run}/events` }
}

function resume({ id }) {
  const manuscript = found(manuscripts.get(id))
  return { run_id: start(id, manuscript.request.wish, 150) }
}

function exportText({ id, query, response }) {
  const text = found(manuscripts.get(id)).scenes.map((scene) => scene.text).join("\n\n")
  response.writeHead(200, { ...HEADERS, "content-type": "text/plain; charset=utf-8", "content-disposition": `attachment; filename="story.${query.get("format")}"` })
  response.end(text)
}

// One run: a list of events that grows by the clock, and readers who may come at any time.
function start(manuscriptId, wish, words) {
  const manuscript = manuscripts.get(manuscriptId)
  const runId = `r${++serial}`
  const run = { id: runId, events: [], readers: new Set(), state: "running", drops: /связь/i.test(wish) ? 2 : 0, stop: () => finish("stopped", {}) }
  runs.set(runId, run)
  const index = manuscript.scenes.length
  const scene = { id: `${runId}s`, index, title: "", text: "", sources: [], words: 0, is_partial: true }
  manuscript.scenes.push(scene)
  manuscript.lastRun = runId

  const script = scriptOf(wish, words, index)
  const clock = setInterval(tick, /мигом/i.test(wish) ? 0 : EVENT_MS)
  return runId

  function tick() {
    const next = script.next()
    if (next.done || run.state !== "running") return clearInterval(clock)
    const [name, data] = next.value
    if (name === "end") return finish(...data)
    if (name === "plan") manuscript.title = data.title
    if (name === "sources") scene.sources = data.passages
    if (name === "delta") scene.text += data.text
    if (name === "replace") scene.text = scene.text.slice(0, data.from) + data.text
    emit(name, data)
  }
  function finish(name, data) {
    if (run.state !== "running") return
    clearInterval(clock)
    run.state = name
    scene.is_partial = false
    Object.assign(manuscript, { words: scene.text.split(/\s+/).length, updated_at: new Date().toISOString() })
    if (name === "blocked") manuscript.scenes.pop()
    if (name !== "done" && name !== "stopped") Object.assign(run, data)
    emit(name, { manuscript_id: manuscriptId, words: manuscript.words, seconds: 3.2, tokens: 900, quality: {}, ...data })
  }
  function emit(name, data) {
    run.events.push(`id: ${run.events.length + 1}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    run.readers.forEach((read) => read())
  }
}

function recordOf(runId) {
  const { id, state, code = null, detail = null } = found(runs.get(runId))
  return { id, state, code, detail }
}

function* scriptOf(wish, words, scene) {
  const turn = (word) => wish.toLowerCase().includes(word)
  if (turn("очередь")) for (const place of [3, 2, 1]) for (let i = 0; i < 60; i++) yield i ? ["noop", {}] : ["queued", { position: place, eta_seconds: place * 40 }]
  if (scene === 0) yield ["plan", { title: turn("разметка") ? "<b>Не жирно</b>" : "Письмо к зиме", scenes: ["Письмо"], characters: [] }]
  yield ["scene", { index: scene, title: "" }]
  yield ["sources", { scene, passages }]
  if (turn("разметка")) yield ["delta", { scene, text: "<img src=x onerror=alert(1)><script>alert(2)</script> — так и было написано.\n\n" }]
  let count = 0
  for (const piece of prose(words)) {
    yield ["delta", { scene, text: piece }]
    if (++count === 60 && turn("обрыв")) return yield ["end", ["error", { code: "model_interrupted", detail: "Модель прервалась на полуслове. Написанное сохранено, историю можно продолжить.", retryable: true }]]
    if (count === 60 && turn("запрет")) return yield ["end", ["blocked", { code: "minor_content", detail: "История остановлена: здесь всем героям есть восемнадцать." }]]
    if (count === 40 && turn("правка")) {
      yield ["replace", { scene, from: 0, text: "Начало переписано. " }]
      yield ["notice", { code: "loop_cut", detail: "" }]
    }
  }
  yield ["scene_done", { index: scene, words: count, quality: {} }]
  yield ["end", ["done", {}]]
}

function stream({ id, request, response }) {
  const run = found(runs.get(id))
  response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream", "cache-control": "no-store" })
  response.write(": ping\n\n")
  let next = Number(request.headers["last-event-id"] ?? 0)
  const read = () => {
    while (next < run.events.length) response.write(run.events[next++])
    if (run.state !== "running") response.end()
    if (run.drops && next > 40 * (3 - run.drops)) {
      run.drops--
      response.destroy()
    }
  }
  run.readers.add(read)
  response.on("close", () => run.readers.delete(read))
  read()
}

function serveFile(path, response) {
  const file = join(DIST, normalize(path === "/" ? "/index.html" : path))
  if (!file.startsWith(DIST) || !existsSync(file) || !statSync(file).isFile()) return refuse(response, 404, "not_found", "Такой страницы нет.")
  response.writeHead(200, { ...HEADERS, "content-type": TYPES[extname(file)] ?? "application/octet-stream" })
  createReadStream(file).pipe(response)
}

async function bodyOf(request) {
  let text = ""
  for await (const piece of request) text += piece
  return text ? JSON.parse(text) : {}
}

function found(value) {
  if (!value) throw problem(404, "not_found", "Не найдено: возможно, это уже удалено.")
  return value
}

const problem = (status, code, detail, more = {}) => Object.assign(new Error(code), { status, code, detail, more })

function send(response, code, body) {
  response.writeHead(code, { ...HEADERS, "content-type": "application/json; charset=utf-8", "cache-control": "no-store" })
  response.end(code === 204 ? undefined : JSON.stringify(body))
}

function refuse(response, code, name, detail, more = {}) {
  if (response.headersSent) return response.destroy()
  response.writeHead(code, { ...HEADERS, "content-type": "application/problem+json; charset=utf-8", "cache-control": "no-store", ...more })
  response.end(JSON.stringify({ type: "about:blank", title: name, status: code, detail, code: name }))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.argv[process.argv.indexOf("--port") + 1] || 8090)
  server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`))
}

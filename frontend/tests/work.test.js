// A manuscript on the desk, with the server's answers in its hand.
import assert from "node:assert/strict"
import { test } from "node:test"
import { manuscript } from "../scripts/components/manuscript.js"
import { newRun } from "../scripts/run.js"
import { newWork } from "../scripts/work.js"

const FULL = { code: "queue_full", detail: "Очередь заполнена." }
const SAVED = { title: "Письмо", request: { wish: "Письмо к зиме", words: 300 }, scenes: [{ index: 0, title: "", text: "Снег пошёл.", sources: [], is_partial: false }] }

test("a full queue is told to whoever tries again, and the button stays", async (t) => {
  answer(t, () => json(FULL, { status: 503, headers: { "retry-after": "40" } }))
  const { page, work } = failed()

  await work.resume()

  assert.equal(page.trouble, "Очередь заполнена. Попробуйте через 40 с.")
  assert.equal(page.canRetry, true)
})

test("a story that failed before its first word is tried again in the same manuscript", async (t) => {
  const asked = answer(t, (path) => {
    if (path.endsWith("/events")) return eventStream(["delta", "Снег пошёл."], ["done"])
    return json(path.endsWith("/runs") ? { run_id: "r2" } : SAVED)
  })
  const { page, work } = failed()

  await work.resume()
  assert.equal(page.canRetry, false)
  await until(() => asked.length === 3)

  assert.deepEqual(asked, ["POST /api/v1/manuscripts/m1/runs", "GET /api/v1/runs/r2/events", "GET /api/v1/manuscripts/m1"])
  assert.equal(page.hasText, true)
  assert.equal(page.trouble, "")
})

test("how a run ended is shown beside the text as it was then, never beside what was taken back", async (t) => {
  // Nothing that draws later, and nothing that the library says afterwards.
  t.mock.timers.enable({ apis: ["setTimeout"] })
  answer(t, (path) => (path.endsWith("/events") ? eventStream(["delta", "Снег пошёл. И вот нед"], ["replace", ""], ["stopped"]) : new Promise(() => {})))
  const work = newWork("m1")

  work.follow("r1")
  await until(() => work.run.state === "stopped")

  assert.deepEqual(work.lines.map((line) => line.shown), ["Снег пошёл."])
})

/** A manuscript whose only run failed before it wrote a word, and the page that shows it. */
function failed() {
  const work = Object.assign(newWork("m1"), { request: SAVED.request, isLoading: false })
  work.run = Object.assign(newRun(), { state: "failed", problem: { code: "model_unavailable", detail: "Модель ещё загружается." } })
  const page = Object.assign(manuscript(), { route: { name: "manuscript", id: "m1" }, $store: { desk: { works: { m1: work } } } })
  return { page, work }
}

function answer(t, tell) {
  const asked = []
  t.mock.method(globalThis, "fetch", async (path, { method = "GET" } = {}) => {
    asked.push(`${method} ${path}`)
    return tell(path)
  })
  return asked
}

const json = (body, init) => new Response(JSON.stringify(body), init)

const eventStream = (...events) =>
  new Response(events.map(([name, text], place) => `id: ${place + 1}\nevent: ${name}\ndata: ${JSON.stringify({ scene: 0, from: 11, text })}\n\n`).join(""))

async function until(isTrue) {
  while (!isTrue()) await new Promise(setImmediate)
}

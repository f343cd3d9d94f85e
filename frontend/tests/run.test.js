import assert from "node:assert/strict"
import { test } from "node:test"
import { isOver, newRun, passagesOf, take, textOf } from "../scripts/run.js"

const passage = (id) => ({ chunk_id: id, title: id })
const told = (...events) => events.reduce((run, [name, data]) => take(run, { name, data }), newRun())

test("the text is the sum of deltas, scene after scene", () => {
  const run = told(
    ["scene", { index: 0, title: "Вечер" }],
    ["delta", { scene: 0, text: "Снег " }],
    ["delta", { scene: 0, text: "пошёл." }],
    ["scene", { index: 1, title: "Утро" }],
    ["delta", { scene: 1, text: "Рассвело." }],
    ["done", { seconds: 2 }],
  )

  assert.equal(textOf(run), "Снег пошёл.\n\nРассвело.")
  assert.equal(run.state, "done")
  assert.ok(isOver(run))
})

test("a replacement rewrites the scene from a place to its end", () => {
  const run = told(["delta", { scene: 0, text: "Снег шёл и шёл и шёл" }], ["replace", { scene: 0, from: 8, text: ", не уставая." }])

  assert.equal(textOf(run), "Снег шёл, не уставая.")
})

test("a scene that begins again drops what a half-seen run left of it", () => {
  const run = newRun([{ index: 0, title: "", text: "Первая.", sources: [] }, { index: 1, title: "", text: "Полови", sources: [] }])

  take(run, { name: "scene", data: { index: 1, title: "" } })
  take(run, { name: "delta", data: { scene: 1, text: "Половина." } })

  assert.equal(textOf(run), "Первая.\n\nПоловина.")
})

test("what was blocked leaves the screen", () => {
  const run = told(["delta", { scene: 0, text: "…" }], ["blocked", { code: "minor_content", detail: "Нельзя." }])

  assert.equal(textOf(run), "")
  assert.equal(run.problem.detail, "Нельзя.")
})

test("a broken run keeps what came", () => {
  const run = told(["delta", { scene: 0, text: "Снег" }], ["error", { code: "model_interrupted", detail: "Прервалась.", retryable: true }])

  assert.equal(textOf(run), "Снег")
  assert.equal(run.state, "failed")
})

test("the queue gives way to the writing", () => {
  const run = told(["queued", { position: 2, eta_seconds: 90 }])
  assert.deepEqual([run.state, run.place, run.eta], ["queued", 2, 90])

  take(run, { name: "delta", data: { scene: 0, text: "Снег" } })

  assert.equal(run.state, "writing")
})

test("a passage used by two scenes is shown once", () => {
  const run = told(["sources", { scene: 0, passages: [passage("a"), passage("b")] }], ["sources", { scene: 1, passages: [passage("b"), passage("c")] }])

  assert.deepEqual(passagesOf(run).map((found) => found.chunk_id), ["a", "b", "c"])
})

test("an event of a newer server changes nothing", () => {
  assert.deepEqual(told(["weather", { snow: true }]), newRun())
})

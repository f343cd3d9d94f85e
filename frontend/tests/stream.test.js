import assert from "node:assert/strict"
import { test } from "node:test"
import { eventParser, runEvents } from "../scripts/stream.js"

const STREAM = [
  ": ping\r\n\r\n",
  "id: 1\r\nevent: scene\r\ndata: {\"index\": 0}\r\n\r\n",
  "id: 2\nevent: delta\ndata: {\"text\":\ndata: \"Снег\"}\n\n",
  "id: 3\revent: done\rdata: {}\r\r",
].join("")
const EVENTS = [
  { id: 1, name: "scene", data: { index: 0 } },
  { id: 2, name: "delta", data: { text: "Снег" } },
  { id: 3, name: "done", data: {} },
]

test("a stream cut anywhere gives the same events", () => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    const parse = eventParser()

    const events = [...parse(STREAM.slice(0, cut)), ...parse(STREAM.slice(cut)), ...parse("\n")]

    assert.deepEqual(events, EVENTS, `cut at ${cut}`)
  }
})

test("an event without its blank line is not told yet", () => {
  const parse = eventParser()

  assert.deepEqual(parse("event: delta\ndata: {}\n"), [])
  assert.deepEqual(parse("\n"), [{ id: null, name: "delta", data: {} }])
})

test("what is not JSON is dropped and the rest goes on", () => {
  const events = eventParser()("data: <html>\n\nevent: done\ndata: {}\n\n")

  assert.deepEqual(events, [{ id: null, name: "done", data: {} }])
})

test("a lost connection is resumed after the last event, none lost and none twice", async (t) => {
  const asked = []
  serve(t, [
    { text: "id: 1\nevent: delta\ndata: {\"n\":1}\n\nid: 2\nevent: delta\ndata: {\"n\":2}\n\nid: 3\nevent: del" },
    { status: 502, text: "<html>Bad Gateway</html>" },
    { text: "id: 2\nevent: delta\ndata: {\"n\":2}\n\nid: 3\nevent: delta\ndata: {\"n\":3}\n\nid: 4\nevent: done\ndata: {}\n\n" },
  ], asked)
  const told = []

  const events = []
  for await (const event of runEvents("/events", { wait: async () => {}, onLost: () => told.push("lost"), onFound: () => told.push("found") })) events.push(event.id)

  assert.deepEqual(events, [1, 2, 3, 4])
  assert.deepEqual(asked, [undefined, "2", "2"])
  assert.deepEqual(told, ["lost", "lost", "found"])
})

test("a refusal ends the stream with the server's sentence", async (t) => {
  serve(t, [{ status: 404, text: JSON.stringify({ detail: "Не найдено.", code: "not_found" }) }])

  await assert.rejects(drain(runEvents("/events")), { status: 404, code: "not_found", detail: "Не найдено." })
})

test("a run is over with its last event, though the connection stays open", async (t) => {
  serve(t, [{ text: "id: 1\nevent: stopped\ndata: {}\n\n", staysOpen: true }])

  assert.deepEqual((await drain(runEvents("/events"))).map((event) => event.name), ["stopped"])
})

test("leaving closes the connection", async (t) => {
  serve(t, [{ text: "id: 1\nevent: delta\ndata: {}\n\n", staysOpen: true }])
  const reader = new AbortController()

  const events = []
  for await (const event of runEvents("/events", { signal: reader.signal })) {
    events.push(event)
    reader.abort()
  }

  assert.equal(events.length, 1)
})

async function drain(events) {
  const all = []
  for await (const event of events) all.push(event)
  return all
}

/** Answer each fetch with the next of `answers`; `asked` collects the Last-Event-ID headers. */
function serve(t, answers, asked = []) {
  t.mock.method(globalThis, "fetch", async (_url, { headers, signal }) => {
    asked.push(headers["last-event-id"])
    const { status = 200, text, staysOpen = false } = answers.shift()
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(text))
        if (!staysOpen) return controller.close()
        signal.addEventListener("abort", () => controller.error(signal.reason))
      },
    })
    return new Response(body, { status })
  })
}

// A stream of run events that survives a lost connection: every event comes once and in order.
//
// Why not EventSource: it gives up for good on the 502 of a restarting proxy, hides the refusal
// behind a 403, mixes a lost connection with our own event named "error", and can't resume a stream
// after it has been closed.
import { Problem, problemOf } from "./api.js"

const LAST = new Set(["done", "stopped", "blocked", "error"])

// The server pings every 15 s; three pings missed mean that the connection is dead.
const SILENCE_MS = 45_000
const PAUSES_MS = [500, 1000, 2000, 4000, 8000]

/**
 * Follow a run to its end. Yields {id, name, data}; `onLost` and `onFound` tell of the connection.
 * Throws `Problem` when the server refuses (404: the run is forgotten; 403: no age session).
 */
export async function* runEvents(url, { signal, after = 0, onLost = () => {}, onFound = () => {}, wait = pause } = {}) {
  for (let failures = 0; !signal?.aborted; failures++) {
    try {
      for await (const event of oneConnection(url, { signal, after })) {
        if (failures) onFound()
        failures = 0
        if (event.id !== null && event.id <= after) continue
        after = event.id ?? after
        yield event
        if (LAST.has(event.name)) return
      }
    } catch (error) {
      if (signal?.aborted) return
      if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429) throw error
    }
    onLost()
    await wait(PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)], signal)
  }
}

async function* oneConnection(url, { signal, after }) {
  const connection = new AbortController()
  const leave = () => connection.abort()
  signal?.addEventListener("abort", leave)
  let watchdog = setTimeout(leave, SILENCE_MS)
  try {
    const response = await fetch(url, {
      signal: connection.signal,
      cache: "no-store",
      headers: { accept: "text/event-stream", ...(after && { "last-event-id": String(after) }) },
    })
    if (!response.ok) throw await problemOf(response)
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    const parse = eventParser()
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      clearTimeout(watchdog)
      watchdog = setTimeout(leave, SILENCE_MS)
      yield* parse(piece.value)
    }
  } finally {
    clearTimeout(watchdog)
    signal?.removeEventListener("abort", leave)
    leave()
  }
}

/**
 * Make a parser of the WHATWG event-stream format: feed it text as it comes, cut anywhere, and it
 * returns the events that are whole. Data is JSON; what is not JSON is dropped, never shown.
 */
export function eventParser() {
  let rest = ""
  let name = "message"
  let id = null
  let data = []

  return (text) => {
    const events = []
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop()
    for (const line of lines) {
      if (line === "") dispatch(events)
      else field(line)
    }
    return events
  }

  function dispatch(events) {
    const event = data.length ? { id, name, data: parsed(data.join("\n")) } : null
    if (event?.data !== undefined && event !== null) events.push(event)
    name = "message"
    data = []
  }

  function field(line) {
    const colon = line.indexOf(":")
    if (colon === 0) return
    const key = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "")
    if (key === "data") data.push(value)
    else if (key === "event") name = value
    else if (key === "id" && /^\d+$/.test(value)) id = Number(value)
  }
}

function parsed(json) {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true })
  })
}

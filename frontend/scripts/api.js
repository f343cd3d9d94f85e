// The only file that knows where things live on the server.
import { messages } from "./messages.js"

const ROOT = "/api/v1"

/** What went wrong, in words for the reader: `status` 0 means that nobody answered. */
export class Problem extends Error {
  constructor({ status = 0, code = "unreachable", detail = messages.failure.offline, retryAfter = null }) {
    super(detail)
    Object.assign(this, { name: "Problem", status, code, detail, retryAfter })
  }

  /** The sentence with the waiting time, when the server named one. */
  get sentence() {
    return this.retryAfter ? `${this.detail} ${messages.failure.retryAfter(this.retryAfter)}` : this.detail
  }
}

/** Read an answer that is not a success: RFC 9457 when it is ours, a plain sentence otherwise. */
export async function problemOf(response) {
  const body = await response.json().catch(() => ({}))
  const retryAfter = Number.parseInt(response.headers.get("retry-after") ?? "", 10)
  // Whoever asked, the gate must know that it is closed.
  if (body.code === "age_required") globalThis.dispatchEvent?.(new Event("age-required"))
  return new Problem({
    status: response.status,
    code: body.code ?? "unknown",
    detail: typeof body.detail === "string" ? body.detail : messages.failure.unknown,
    retryAfter: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : null,
  })
}

async function call(method, path, { body, query, keepalive = false, signal } = {}) {
  const response = await fetch(ROOT + path + toQuery(query), {
    method,
    keepalive,
    signal,
    cache: "no-store",
    headers: { accept: "application/json", ...(body && { "content-type": "application/json" }) },
    body: body && JSON.stringify(body),
  }).catch((error) => {
    throw error.name === "AbortError" ? error : new Problem({})
  })
  if (!response.ok) throw await problemOf(response)
  return response.status === 204 ? null : response.json().catch(() => null)
}

function toQuery(query = {}) {
  const filled = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined)
  return filled.length ? `?${new URLSearchParams(filled)}` : ""
}

const part = encodeURIComponent

export const api = {
  age: () => call("GET", "/age"),
  confirmAge: () => call("POST", "/age", { body: { confirmed: true } }),
  // keepalive: the page may be gone before the answer comes.
  forgetAge: () => call("DELETE", "/age", { keepalive: true }),

  status: () => call("GET", "/status"),

  write: (request) => call("POST", "/manuscripts", { body: request }),
  manuscripts: (query, cursor) => call("GET", "/manuscripts", { query: { query, cursor } }),
  manuscript: (id) => call("GET", `/manuscripts/${part(id)}`),
  eraseManuscript: (id) => call("DELETE", `/manuscripts/${part(id)}`),
  resume: (id) => call("POST", `/manuscripts/${part(id)}/runs`, { body: { kind: "continue" } }),
  exportUrl: (id, format) => `${ROOT}/manuscripts/${part(id)}/export?format=${part(format)}`,

  run: (id) => call("GET", `/runs/${part(id)}`),
  stopRun: (id) => call("DELETE", `/runs/${part(id)}`),
  runEventsUrl: (id) => `${ROOT}/runs/${part(id)}/events`,

  stories: (query, category, cursor) =>
    call("GET", "/corpus/stories", { query: { query, category, cursor, limit: 20 } }),
  categories: () => call("GET", "/corpus/categories"),
  story: (id) => call("GET", `/corpus/stories/${part(id)}`),
  eraseStory: (id) => call("DELETE", `/corpus/stories/${part(id)}`),
  passages: (query, category) => call("GET", "/passages", { query: { query, category, top_k: 10 } }),
}

// A manuscript on the desk: loaded from the library, or growing under the reader's eyes.
import { api, Problem } from "./api.js"
import { memory } from "./memory.js"
import { messages } from "./messages.js"
import { splitParagraphs, updateLines, wordsIn } from "./paragraphs.js"
import { isOver, lengthsOf, newRun, passagesOf, resumeFrom, take, textOf } from "./run.js"
import { runEvents } from "./stream.js"

// Fifteen updates a second read as a stream and leave the machine to the model.
const REDRAW_MS = 66

/** Make the manuscript `id`; its methods are called through the page's proxy, so that it sees the changes. */
export const newWork = (id) => ({
  id,
  title: "",
  request: null,
  run: newRun(),
  lines: [],
  isLoading: true,
  problem: null,
  // Rises with every redraw; the view watches it to keep its place.
  version: 0,
  runId: null,
  connection: null,
  redraw: null,

  get words() {
    return wordsIn(this.lines)
  },
  get isWriting() {
    return this.runId !== null && !isOver(this.run)
  },
  get passages() {
    return passagesOf(this.run)
  },
  get text() {
    return splitParagraphs(textOf(this.run)).join("\n\n")
  },

  /** Read what is saved and, when this tab knows of a run, follow it from its first event. */
  async load() {
    const known = runs.of(this.id)
    try {
      this.show(await api.manuscript(this.id))
      if (known) this.follow(known.run_id, known.lengths)
    } catch (error) {
      this.problem = known ? null : sentenceOf(error)
      if (error instanceof Problem && error.status === 404) runs.forget(this.id)
      if (error instanceof Problem && error.code === "age_required") throw error
    } finally {
      this.isLoading = false
    }
  },

  show(saved) {
    this.title = saved.title || this.title
    this.request = saved.request ?? this.request
    this.run = { ...newRun(scenesOf(saved)), ...stateOf(saved) }
    this.draw()
  },

  /** Follow the run `runId` to its end; `lengths` are the scenes' lengths before it began. */
  async follow(runId, lengths = {}) {
    runs.remember(this.id, { run_id: runId, lengths })
    this.leave()
    this.connection = new AbortController()
    this.runId = runId
    this.isLoading = false
    this.run = newRun(resumeFrom(this.run.scenes, lengths), this.run.scenes.length ? 0 : (this.request?.words ?? 0))
    const { signal } = this.connection
    try {
      const lost = () => this.run.state !== "stopping" && (this.run.state = "lost")
      const found = () => this.run.state === "lost" && (this.run.state = "writing")
      for await (const event of runEvents(api.runEventsUrl(runId), { signal, onLost: lost, onFound: found })) {
        take(this.run, event)
        this.title = this.run.title || this.title
        this.drawSoon()
      }
    } catch (error) {
      this.run.state = "failed"
      this.run.problem = { code: error.code, detail: error.status === 404 ? messages.failure.runGone : sentenceOf(error) }
    }
    if (!signal.aborted) await this.settle()
  },

  /** The run is over: what the library holds is the truth, whatever we saw. */
  async settle() {
    runs.forget(this.id)
    const { state, problem, notices, seconds } = this.run
    const ended = isOver(this.run) ? { state, problem } : {}
    const saved = state === "blocked" ? null : await api.manuscript(this.id).catch(() => null)
    if (saved) {
      const seen = this.run.scenes
      this.show(saved)
      this.run = { ...this.run, ...ended, notices, seconds }
      for (const scene of this.run.scenes) {
        if (!scene.sources.length) scene.sources = seen.find((other) => other.index === scene.index)?.sources ?? []
      }
    }
    this.draw()
  },

  async resume() {
    const lengths = lengthsOf(this.run.scenes)
    this.run.problem = null
    try {
      const { run_id: runId } = await api.resume(this.id)
      this.follow(runId, lengths)
    } catch (error) {
      this.run.problem = { detail: sentenceOf(error) }
    }
  },

  async stop() {
    if (!this.isWriting || this.run.state === "stopping") return
    this.run.state = "stopping"
    await api.stopRun(this.runId).catch((error) => (this.run.problem = { detail: sentenceOf(error) }))
  },

  leave() {
    this.connection?.abort()
    clearTimeout(this.redraw)
    this.redraw = null
  },

  // A timer, not an animation frame: those stand still in a hidden tab.
  drawSoon() {
    this.redraw ??= setTimeout(() => this.draw(), REDRAW_MS)
  },
  draw() {
    clearTimeout(this.redraw)
    this.redraw = null
    updateLines(this.lines, textOf(this.run))
    this.version++
  },
})

// Ids and lengths only: enough to find a run again after a reload, and not a word of the story.
export const runs = {
  all: () => memory.recall("runs", {}),
  of: (id) => runs.all()[id],
  remember: (id, run) => memory.remember("runs", { ...runs.all(), [id]: run }),
  forget(id) {
    const { [id]: _, ...others } = runs.all()
    memory.remember("runs", others)
  },
}

export const sentenceOf = (error) => (error instanceof Problem ? error.sentence : messages.failure.unknown)

const scenesOf = (saved) =>
  (saved.scenes ?? []).map((scene, place) => ({
    index: scene.index ?? place,
    title: scene.title ?? "",
    text: scene.text ?? "",
    sources: scene.sources ?? [],
  }))

function stateOf(saved) {
  const state = saved.state ?? saved.run?.state ?? "done"
  return { state: state === "error" ? "failed" : state, problem: null }
}

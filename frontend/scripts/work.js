// A manuscript on the desk: loaded from the library, or growing under the reader's eyes.
import { api, Problem } from "./api.js"
import { memory } from "./memory.js"
import { messages } from "./messages.js"
import { splitParagraphs, updateLines, wordsIn } from "./paragraphs.js"
import { isOver, newRun, passagesOf, take, textOf } from "./run.js"
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
  // Begun in this tab, not taken from the library.
  isFresh: false,
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

  /** Read what is saved, and follow the run that is writing it, whoever began it. */
  async load() {
    try {
      const { last_run: lastRun, ...manuscript } = await api.manuscript(this.id)
      this.show(manuscript, lastRun)
      if (lastRun && isUnfinished(lastRun) && lastRun.id !== this.runId) this.follow(lastRun.id)
    } catch (error) {
      this.problem = sentenceOf(error)
      runs.forget(this.id)
    } finally {
      this.isLoading = false
    }
  },

  show(manuscript, lastRun) {
    this.title = manuscript.title || this.title
    this.request = manuscript.request
    this.run = { ...newRun(scenesOf(manuscript)), ...endOf(lastRun) }
    this.draw()
  },

  /** A new manuscript is named by the library before the plan names it, if there is a plan at all. */
  async learnTitle() {
    const saved = await api.manuscript(this.id).catch(() => null)
    this.title ||= saved?.title ?? ""
  },

  /** Follow the run `runId` from its first event to its end. */
  async follow(runId) {
    runs.remember(this.id)
    this.leave()
    this.connection = new AbortController()
    this.runId = runId
    this.isLoading = false
    // A scene that is being written is told again from its beginning.
    const written = this.run.scenes.filter((scene) => !scene.isPartial)
    this.run = newRun(written, written.length ? 0 : (this.request?.words ?? 0))
    this.draw()
    const { signal } = this.connection
    const onLost = () => this.run.state !== "stopping" && (this.run.state = "lost")
    const onFound = () => this.run.state === "lost" && (this.run.state = "writing")
    try {
      for await (const event of runEvents(api.runEventsUrl(runId), { signal, onLost, onFound })) {
        take(this.run, event)
        this.title = this.run.title || this.title
        // "Stopped" beside words that are already taken back would be a lie, however short.
        if (isOver(this.run)) this.draw()
        else this.drawSoon()
      }
      if (!signal.aborted) await this.settle()
    } catch (error) {
      // The log of a run is short-lived, its text is not.
      if (error.status === 404) return this.load()
      Object.assign(this.run, { state: "failed", problem: { detail: sentenceOf(error) } })
      runs.forget(this.id)
    }
  },

  /** The run is over: what the library holds is the truth, whatever we saw. */
  async settle() {
    runs.forget(this.id)
    const { state, problem, notices, seconds } = this.run
    const saved = await api.manuscript(this.id).catch(() => null)
    if (saved) this.show(saved, saved.last_run)
    Object.assign(this.run, { state, problem, notices, seconds })
    this.draw()
  },

  async resume() {
    this.run.problem = null
    try {
      const { run_id: runId } = await api.resume(this.id)
      this.follow(runId)
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

// Which manuscripts this tab saw being written: after a reload it goes on following them.
export const runs = {
  all: () => memory.recall("runs", []),
  remember: (id) => memory.remember("runs", [...new Set([...runs.all(), id])]),
  forget: (id) => memory.remember("runs", runs.all().filter((other) => other !== id)),
}

export const sentenceOf = (error) => (error instanceof Problem ? error.sentence : messages.failure.unknown)

const isUnfinished = ({ state }) => state === "queued" || state === "running"

const scenesOf = (manuscript) =>
  manuscript.scenes.map(({ index, title, text, sources, is_partial: isPartial }) => ({ index, title, text, sources, isPartial }))

/** How the last run ended, in the words of `run.js`; a manuscript without runs is simply done. */
function endOf(lastRun) {
  if (!lastRun || lastRun.state === "done") return { state: "done" }
  const state = lastRun.state === "error" ? "failed" : lastRun.state
  return { state, problem: lastRun.detail && state !== "interrupted" ? { code: lastRun.code, detail: lastRun.detail } : null }
}

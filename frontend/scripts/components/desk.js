// What is open on the desk. It outlives the view: a story goes on being written while its reader looks
// into the library, and is found again after a reload.
import { links } from "../route.js"
import { newWork, runs, sentenceOf } from "../work.js"
import { api } from "../api.js"

export const desk = () => ({
  works: {},

  get writingId() {
    return Object.keys(this.works).find((id) => this.works[id].isWriting) ?? null
  },

  /** Take up every run this tab was following before it was reloaded. */
  reopen() {
    runs.all().forEach((id) => (this.open(id).isFresh = true))
  },

  open(id) {
    this.tidy(id)
    if (!this.works[id]) {
      this.works[id] = newWork(id)
      this.works[id].load()
    }
    return this.works[id]
  },

  /** Send a request; the answer is the new manuscript's address on the page. */
  async write(request) {
    const { manuscript_id: id, run_id: runId } = await api.write(request)
    this.works[id] = newWork(id)
    Object.assign(this.works[id], { request, isFresh: true })
    this.works[id].follow(runId)
    this.works[id].learnTitle()
    return links.manuscript(id)
  },

  async erase(id) {
    await api.eraseManuscript(id)
    this.drop(id)
  },

  drop(id) {
    this.works[id]?.leave()
    runs.forget(id)
    delete this.works[id]
  },

  clear() {
    Object.values(this.works).forEach((work) => work.leave())
    this.works = {}
  },

  // What is neither shown nor being written is read anew next time.
  tidy(shown) {
    for (const [id, work] of Object.entries(this.works)) {
      if (id !== shown && !work.isWriting) this.drop(id)
    }
  },

  sentenceOf,
})

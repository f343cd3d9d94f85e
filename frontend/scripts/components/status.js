// What is working right now, said openly: which model writes, how search works, what the corpus holds.
import { api } from "../api.js"
import { messages } from "../messages.js"
import { counted } from "../russian.js"

const CALM_MS = 20_000
const BUSY_MS = 4_000

export const status = () => ({
  now: null,
  isLost: false,
  timer: null,

  init() {
    document.addEventListener("visibilitychange", () => this.timer && !document.hidden && this.refresh())
  },
  stop() {
    clearTimeout(this.timer)
    this.timer = null
    this.now = null
  },
  async refresh() {
    clearTimeout(this.timer)
    try {
      this.now = await api.status()
      this.isLost = false
    } catch (error) {
      if (error.code === "age_required") return
      this.isLost = true
    }
    const busy = this.isLost || this.now.queue.running > 0 || this.now.corpus.pending > 0
    this.timer = setTimeout(() => this.refresh(), busy ? BUSY_MS : CALM_MS)
  },

  get isKnown() {
    return this.now !== null
  },
  get isOfflineModel() {
    return this.now?.model.provider === "offline"
  },
  get isModelMissing() {
    return this.isKnown && !this.now.model.ready && !this.isOfflineModel
  },
  get isKeywordOnly() {
    return this.isKnown && !this.now.search.semantic
  },
  get needsAttention() {
    return this.isOfflineModel || this.isModelMissing || this.isKeywordOnly
  },
  get isCompose() {
    return this.now?.mode === "compose"
  },

  get model() {
    if (!this.isKnown) return ""
    if (this.isOfflineModel) return messages.status.offlineModel
    return this.now.model.ready ? this.now.model.name : messages.status.notReady(this.now.model.name)
  },
  get modelDetail() {
    return this.now?.model.detail ?? ""
  },
  get search() {
    if (!this.isKnown) return ""
    if (this.now.search.degraded) return messages.status.degraded
    return this.now.search.semantic ? messages.status.semantic : messages.status.keywordOnly
  },
  get searchDetail() {
    return this.now?.search.detail ?? ""
  },
  get corpus() {
    if (!this.isKnown) return ""
    const { stories, chunks, refused, pending } = this.now.corpus
    return [
      counted(stories, "stories"),
      counted(chunks, "chunks"),
      refused > 0 && counted(refused, "refused"),
      pending > 0 && messages.status.pending(pending),
    ]
      .filter(Boolean)
      .join(", ")
  },
  get queue() {
    if (!this.isKnown) return ""
    const { running, waiting } = this.now.queue
    return running + waiting ? messages.status.queued(running, waiting) : messages.status.idle
  },

  get version() {
    return this.now?.version ?? ""
  },

  show() {
    const dialog = document.getElementById("status-dialog")
    dialog.showModal()
    // Not the first button: on a phone that is at the very end.
    dialog.querySelector("h2").focus()
  },
  close() {
    document.getElementById("status-dialog").close()
  },

  get modelCommands() {
    return this.isCompose ? messages.commands.modelCompose : messages.commands.modelEmbedded
  },
  get searchCommands() {
    return this.isCompose ? messages.commands.semanticCompose : messages.commands.semanticEmbedded
  },
  get crawlCommand() {
    return this.isCompose ? messages.commands.crawlCompose : messages.commands.crawl
  },
})

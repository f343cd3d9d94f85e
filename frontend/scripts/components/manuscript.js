// The reading page of a manuscript, finished or growing. It never takes the reader's place away: the page
// follows the text only while its end is in sight because the reader went there.
import { api } from "../api.js"
import { memory } from "../memory.js"
import { messages } from "../messages.js"
import { links } from "../route.js"
import { counted, number } from "../russian.js"
import { newWork } from "../work.js"

// How near the bottom is the bottom, and what the floating buttons and the status line cover of it.
const BOTTOM_PX = 4
const ROOM_PX = 120

const blank = newWork("")

export const manuscript = () => ({
  following: false,
  place: 0,
  isEndInSight: true,
  isCopied: false,

  init() {
    this.$store.desk.open(this.route.id)
    this.$watch("route", (route) => {
      if (route.name !== "manuscript") return
      this.following = false
      this.$store.desk.open(route.id)
    })
    this.$watch("work.isWriting", () => this.$store.status.refresh())
    if (this.work.isWriting) this.$store.status.refresh()
    this.$watch("work.version", () => this.$nextTick(() => this.keepPlace()))
    this.onScroll = () => this.scrolled()
    this.onKey = (event) => this.key(event)
    addEventListener("scroll", this.onScroll, { passive: true })
    addEventListener("keydown", this.onKey)
  },
  destroy() {
    removeEventListener("scroll", this.onScroll)
    removeEventListener("keydown", this.onKey)
  },

  get work() {
    return this.$store.desk.works[this.route.id] ?? blank
  },
  get run() {
    return this.work.run
  },
  get title() {
    return this.work.title || messages.story.untitled
  },
  get wish() {
    return this.work.request?.wish ?? ""
  },
  get hasText() {
    return this.work.lines.length > 0
  },
  get canResume() {
    return this.hasText && !this.work.isWriting && this.run.state !== "blocked"
  },
  get canRetry() {
    return !this.hasText && !this.work.isWriting && Boolean(this.run.problem) && Boolean(this.work.request)
  },

  /** What is going on, in one line; it is also what a screen reader hears. */
  get said() {
    const say = messages.story
    if (this.work.isLoading) return messages.loading
    const sentences = {
      starting: say.starting,
      queued: say.queued(this.run.place) + (this.run.eta ? say.eta(Math.ceil(this.run.eta / 60)) : ""),
      writing: this.hasText ? say.writing : say.searching,
      stopping: say.stopping,
      lost: say.reconnecting,
      stopped: say.stopped,
      interrupted: say.interrupted,
      done: this.run.seconds === null ? "" : say.done,
    }
    return sentences[this.run.state] ?? ""
  },
  get trouble() {
    if (this.work.problem) return this.work.problem
    const fallback = { blocked: messages.story.blocked, failed: messages.story.failed }[this.run.state]
    return this.run.problem?.detail || fallback || ""
  },
  get notices() {
    const sentences = this.run.notices.map(({ code, detail }) => detail || messages.story.notices[code])
    return [...new Set(sentences.filter(Boolean))]
  },

  get target() {
    return this.work.isWriting ? this.run.target : 0
  },
  get progress() {
    return Math.min(this.work.words, this.target)
  },
  get length() {
    const { words } = this.work
    if (!words && !this.target) return ""
    return this.target ? messages.story.of(number(words), counted(this.target, "words")) : counted(words, "words")
  },
  get sourcesHeading() {
    return this.work.passages.length
      ? `${messages.story.sources} · ${this.work.passages.length}`
      : messages.story.sources
  },
  get noSources() {
    return this.work.isWriting || this.work.isLoading ? messages.story.noSources : messages.story.withoutSources
  },

  exportAs(format) {
    return api.exportUrl(this.route.id, format)
  },
  async copy() {
    await navigator.clipboard.writeText(this.work.text)
    this.isCopied = true
    setTimeout(() => (this.isCopied = false), 2000)
  },
  get copyLabel() {
    return this.isCopied ? messages.story.copied : messages.story.copy
  },

  /** Write something else; the form still holds the last wish, and that is where one starts from. */
  another() {
    memory.remember("form", { ...memory.recall("form", {}), wish: "" })
    location.hash = links.write()
  },
  async erase() {
    const question = { title: messages.library.erase, subject: this.title, text: messages.library.eraseText }
    if (!(await this.$store.confirm.ask(question))) return
    try {
      const said = messages.library.erased(this.title)
      await this.$store.desk.erase(this.route.id)
      location.hash = links.library()
      this.$store.toast.say(said)
    } catch (error) {
      this.$store.toast.say(this.$store.desk.sentenceOf(error))
    }
  },

  // The keys of SillyTavern, which its readers have in their fingers.
  key(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return
    if (event.key === "Escape" && this.work.isWriting) this.work.stop()
    if (event.key === "Enter" && event.altKey && this.canResume) this.work.resume()
  },

  // Going down to the very bottom asks for company; going up, however little, sends it away. A page that
  // merely opens is at its bottom too, but nobody went there.
  scrolled() {
    const wentUp = scrollY < this.place
    const wentDown = scrollY > this.place
    const isAtBottom = scrollY + innerHeight >= document.documentElement.scrollHeight - BOTTOM_PX
    if (wentUp) this.following = false
    else if (wentDown && isAtBottom) this.following = true
    this.look()
  },
  look() {
    this.place = scrollY
    this.isEndInSight = !this.$refs.end || this.$refs.end.getBoundingClientRect().top <= innerHeight
  },
  keepPlace() {
    if (!this.$refs.end) return
    const below = this.$refs.end.getBoundingClientRect().bottom + ROOM_PX - innerHeight
    if (this.following && below > 0) scrollBy({ top: below, behavior: "instant" })
    this.look()
  },
  toSources() {
    document.getElementById("sources").scrollIntoView({ block: "start", behavior: "instant" })
  },
  toEnd() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches || this.work.isWriting
    const below = this.$refs.end.getBoundingClientRect().bottom + ROOM_PX - innerHeight
    this.following = true
    scrollBy({ top: below, behavior: calm ? "instant" : "smooth" })
  },
})

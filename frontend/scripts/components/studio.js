// The frame of the page: where we are, which theme, and who is allowed to see anything at all.
import { api, Problem } from "../api.js"
import { memory } from "../memory.js"
import { messages } from "../messages.js"
import { links, parseRoute } from "../route.js"

// Three presses of Shift within this time hide the page, as GOV.UK's "Exit this page" taught people.
const HIDE_PRESSES = 3
const HIDE_WITHIN_MS = 2000

export const studio = () => ({
  t: messages,
  links,
  // asking -> closed -> open; hidden is the neutral cover
  gate: "asking",
  gateProblem: "",
  route: { name: "write", id: "" },
  isDark: false,
  presses: [],
  tabs: null,
  leaving: null,

  init() {
    const systemTheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"
    this.isDark = (memory.theme() || systemTheme) === "dark"
    this.route = parseRoute(location.hash)
    addEventListener("hashchange", () => this.go())
    addEventListener("keyup", (event) => this.listenForHide(event))
    addEventListener("age-required", () => this.close())
    this.tabs = new BroadcastChannel("studio")
    this.tabs.onmessage = () => this.cover()
    // Nothing is asked of the server, and nothing is shown, before the gate is open.
    this.$watch("gate", (gate) => (gate === "open" ? this.enter() : this.$store.status.stop()))
    this.knock()
  },
  enter() {
    this.$store.status.refresh()
    this.$store.desk.reopen()
  },

  async knock() {
    await this.leaving
    try {
      const { confirmed } = await api.age()
      this.gate = confirmed ? "open" : "closed"
    } catch (error) {
      this.gate = "closed"
      this.gateProblem = error.sentence ?? messages.failure.unknown
    }
  },

  async confirm() {
    try {
      await api.confirmAge()
      this.gateProblem = ""
      this.gate = "open"
      this.$nextTick(() => this.focusContent())
    } catch (error) {
      this.gateProblem = error instanceof Problem ? error.sentence : messages.failure.unknown
    }
  },

  exit() {
    location.replace("about:blank")
  },

  // The session ended on the server: ask again, keep what was typed.
  close() {
    if (this.gate === "open") this.gate = "closed"
  },

  /** Cover the page at once, in every tab, and end the session; nothing typed here is kept. */
  hide() {
    this.tabs.postMessage("hide")
    this.cover()
    this.leaving = api.forgetAge().catch(() => {})
  },

  cover() {
    this.gate = "hidden"
    this.$store.desk.clear()
    memory.forgetAll()
    history.replaceState(null, "", location.pathname)
    this.route = parseRoute("")
  },

  listenForHide({ key, timeStamp }) {
    this.presses = key === "Shift" ? [...this.presses, timeStamp].slice(-HIDE_PRESSES) : []
    const quick = timeStamp - this.presses[0] < HIDE_WITHIN_MS
    if (this.gate === "open" && this.presses.length === HIDE_PRESSES && quick) this.hide()
  },

  get shown() {
    return this.gate === "open" ? this.route.name : ""
  },
  isAt(name) {
    const { name: shown, id } = this.route
    const home = this.$store.desk.works[id]?.isFresh ? "write" : "library"
    return ({ manuscript: home, story: "corpus" }[shown] ?? shown) === name
  },
  current(name) {
    return this.isAt(name) ? "page" : null
  },

  /** «Писать» leads to the story that is being written now, and from that story to the form. */
  get writeLink() {
    const id = this.$store.desk.writingId
    return id && this.route.id !== id ? links.manuscript(id) : links.write()
  },

  go() {
    this.route = parseRoute(location.hash)
    scrollTo(0, 0)
    this.$nextTick(() => this.focusContent())
  },
  focusContent() {
    document.querySelector("main h1")?.focus({ preventScroll: true })
  },

  get themeLabel() {
    return this.isDark ? messages.theme.light : messages.theme.dark
  },
  toggleTheme() {
    this.isDark = !this.isDark
    const theme = this.isDark ? "dark" : "light"
    document.documentElement.dataset.theme = theme
    memory.keepTheme(theme)
  },
})

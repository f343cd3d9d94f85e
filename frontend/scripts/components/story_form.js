// The form: one wish, and a drawer of finer settings. It forgets nothing until it is sent or hidden.
import { api } from "../api.js"
import { memory } from "../memory.js"
import { messages } from "../messages.js"
import { emptyCharacter, emptyForm, isTuned, problemsOf, toRequest } from "../request.js"
import { sentenceOf } from "../work.js"

const MAX_CHARACTERS = 12

export const storyForm = () => ({
  form: { ...emptyForm(), ...memory.recall("form", {}) },
  problems: {},
  refusal: "",
  isSending: false,
  isOpen: memory.recall("tuning", false),
  categories: [],

  init() {
    this.$watch("form", (form) => memory.remember("form", form))
    this.loadCategories()
  },
  async loadCategories() {
    this.categories = await api.categories().catch(() => [])
  },

  async write() {
    if (this.isSending) return
    this.refusal = ""
    this.problems = problemsOf(this.form)
    if (this.hasProblems) return this.showProblem()
    this.isSending = true
    try {
      location.hash = await this.$store.desk.write(toRequest(this.form))
    } catch (error) {
      this.refuse(error)
    } finally {
      this.isSending = false
    }
  },

  // The server read the form more strictly than we did: say so, keep every word of it.
  refuse(error) {
    this.refusal = sentenceOf(error)
    this.$nextTick(() => this.$refs.refusal?.focus())
  },
  showProblem() {
    if (Object.keys(this.problems).some((field) => field !== "wish")) this.isOpen = true
    this.$nextTick(() => this.$root.querySelector("[aria-invalid=true]")?.focus())
  },

  get hasProblems() {
    return Object.keys(this.problems).length > 0
  },
  problemOf(field) {
    return this.problems[field] ?? ""
  },
  isWrong(field) {
    return this.problems[field] ? "true" : null
  },
  mended(field) {
    delete this.problems[field]
  },

  get isTuned() {
    return isTuned(this.form)
  },
  toggle(event) {
    this.isOpen = event.target.open
    memory.remember("tuning", this.isOpen)
  },
  reset() {
    this.form = { ...emptyForm(), wish: this.form.wish }
    this.problems = {}
  },
  suggest(wish) {
    this.form.wish = wish
    this.mended("wish")
    this.$refs.wish.focus()
  },

  get canAddCharacter() {
    return this.form.characters.length < MAX_CHARACTERS
  },
  addCharacter() {
    this.form.characters.push(emptyCharacter())
    const place = this.form.characters.length - 1
    this.$nextTick(() => document.getElementById(`name-${place}`)?.focus())
  },
  removeCharacter(place) {
    this.form.characters.splice(place, 1)
    // Problems are kept by place, and the places have moved.
    this.problems = {}
    this.$nextTick(() => document.getElementById("add-character").focus())
  },

  get buttonLabel() {
    return this.isSending ? messages.form.sending : messages.form.write
  },
})

// The corpus: its stories by title, its passages by meaning and by words.
import { api } from "../api.js"
import { memory } from "../memory.js"
import { messages } from "../messages.js"
import { counted } from "../russian.js"
import { newShelf } from "../shelf.js"
import { sentenceOf } from "../work.js"

export const corpus = () => newShelf({
  view: memory.recall("corpus-view", "stories"),
  category: "",
  categories: [],
  wanted: "",
  passages: [],
  hasSearched: false,
  isSearching: false,

  init() {
    this.loadCategories()
    this.load()
  },
  read(query, cursor) {
    return api.stories(query, this.category, cursor)
  },
  async loadCategories() {
    this.categories = await api.categories().catch(() => [])
  },
  look(view) {
    this.view = view
    memory.remember("corpus-view", view)
  },

  async find() {
    const wanted = this.wanted.trim()
    if (!wanted) return
    this.isSearching = true
    this.problem = ""
    try {
      this.passages = (await api.passages(wanted, this.category)).items
    } catch (error) {
      this.passages = []
      this.problem = sentenceOf(error)
    }
    this.hasSearched = true
    this.isSearching = false
  },
  get found() {
    if (this.isSearching) return messages.loading
    if (!this.hasSearched || this.problem) return ""
    return this.passages.length ? `${messages.corpus.found}: ${counted(this.passages.length, "chunks")}` : messages.corpus.nothing
  },

  factsOf: (story) => [story.author || messages.passage.anonymous, story.category].filter(Boolean).join(" · "),
  categoryLabel: (category) => `${category.name} (${category.stories})`,
  eraseLabel: (story) => messages.corpus.eraseOf(story.title),
  async erase(story) {
    const question = { title: messages.corpus.erase, subject: story.title, text: messages.corpus.eraseText }
    if (!(await this.$store.confirm.ask(question))) return
    await this.removing(story, () => api.eraseStory(story.id), messages.corpus.erased(story.title))
    this.$store.status.refresh()
  },
})

// A list that is searched and read on by cursor: the library's and the corpus's shelves are made of it.
import { sentenceOf } from "./work.js"

const TYPING_PAUSE_MS = 250

/**
 * Make a shelf with `own` names beside its own; `own.read(query, cursor)` answers {items, next_cursor, total}.
 * Joined by descriptors: a spread would call the getters once and keep what they said.
 */
export const newShelf = (own) => Object.defineProperties(emptyShelf(), Object.getOwnPropertyDescriptors(own))

const emptyShelf = () => ({
  query: "",
  items: [],
  total: 0,
  cursor: null,
  isLoading: true,
  problem: "",
  asked: 0,
  typing: null,

  /** Read from the first page; an answer that comes after a newer question is dropped. */
  async load() {
    await this.fetchPage(null)
  },
  async more() {
    await this.fetchPage(this.cursor)
  },
  async fetchPage(cursor) {
    const asked = ++this.asked
    this.isLoading = true
    this.problem = ""
    try {
      const page = await this.read(this.query.trim(), cursor)
      if (asked !== this.asked) return
      this.items = cursor ? [...this.items, ...page.items] : page.items
      this.cursor = page.next_cursor
      this.total = page.total ?? this.items.length
    } catch (error) {
      if (asked !== this.asked) return
      this.problem = sentenceOf(error)
    }
    this.isLoading = false
  },
  searchSoon() {
    clearTimeout(this.typing)
    this.typing = setTimeout(() => this.load(), TYPING_PAUSE_MS)
  },

  get isEmpty() {
    return !this.isLoading && !this.problem && this.items.length === 0
  },
  get isUnfiltered() {
    return !this.query.trim() && !this.category
  },

  async removing(item, remove, said) {
    try {
      await remove()
      this.items = this.items.filter((other) => other.id !== item.id)
      this.total -= 1
      this.$store.toast.say(said)
    } catch (error) {
      this.$store.toast.say(sentenceOf(error))
    }
  },
})

// What was written here: find it, open it, take it along, let it go.
import { api } from "../api.js"
import { messages } from "../messages.js"
import { counted, moment } from "../russian.js"
import { newShelf } from "../shelf.js"

export const library = () => newShelf({
  read: (query, cursor) => api.manuscripts(query, cursor),
  init() {
    this.load()
  },

  titleOf: (item) => item.title || messages.story.untitled,
  factsOf: (item) => [moment(item.updated_at), counted(item.words, "words")].join(" · "),
  isWriting(item) {
    return this.$store.desk.works[item.id]?.isWriting ?? false
  },
  exportAs: (item, format) => api.exportUrl(item.id, format),
  eraseLabel: (item) => messages.library.eraseOf(item.title || messages.story.untitled),

  async erase(item) {
    const title = this.titleOf(item)
    const question = { title: messages.library.erase, subject: title, text: messages.library.eraseText }
    if (!(await this.$store.confirm.ask(question))) return
    await this.removing(item, () => this.$store.desk.erase(item.id), messages.library.erased(title))
  },
})

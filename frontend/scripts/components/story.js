// A story of the corpus, opened to be read.
import { api } from "../api.js"
import { messages } from "../messages.js"
import { updateLines } from "../paragraphs.js"
import { links } from "../route.js"
import { counted, countWords, date, number } from "../russian.js"
import { safeLink } from "../safe_link.js"
import { sentenceOf } from "../work.js"

export const corpusStory = () => ({
  story: null,
  lines: [],
  isLoading: true,
  problem: "",

  init() {
    this.open(this.route.id)
    this.$watch("route", (route) => route.name === "story" && this.open(route.id))
  },
  async open(id) {
    this.isLoading = true
    this.problem = ""
    try {
      this.story = await api.story(id)
      this.lines = updateLines([], this.story.text)
    } catch (error) {
      this.story = null
      this.lines = []
      this.problem = sentenceOf(error)
    }
    this.isLoading = false
  },

  get title() {
    return this.story?.title ?? (this.isLoading ? messages.loading : messages.corpus.title)
  },
  get author() {
    return this.story?.author || messages.passage.anonymous
  },
  get link() {
    return safeLink(this.story?.url)
  },
  get linkLabel() {
    return messages.passage.originOf(this.title)
  },
  /** What is known of the story; what isn't is left out, not filled with dashes. */
  get facts() {
    if (!this.story) return ""
    const { category, published, rating, views, tags, text } = this.story
    return [
      category,
      published && date(published),
      rating !== null && rating !== undefined && `${messages.corpus.rating}: ${number(rating)}`,
      views !== null && views !== undefined && `${messages.corpus.views}: ${number(views)}`,
      tags?.length && tags.join(", "),
      counted(countWords(text), "words"),
    ]
      .filter(Boolean)
      .join(" · ")
  },

  async erase() {
    const question = { title: messages.corpus.erase, subject: this.title, text: messages.corpus.eraseText }
    if (!(await this.$store.confirm.ask(question))) return
    try {
      await api.eraseStory(this.story.id)
      this.$store.toast.say(messages.corpus.erased(this.title))
      this.$store.status.refresh()
      location.hash = links.corpus()
    } catch (error) {
      this.$store.toast.say(sentenceOf(error))
    }
  },
})

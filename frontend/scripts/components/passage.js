// One passage as found: whose it is, and why the search brought it up.
import { messages } from "../messages.js"
import { safeLink } from "../safe_link.js"

export const passageCard = () => ({
  authorOf: (passage) => passage.author || messages.passage.anonymous,
  linkOf: (passage) => safeLink(passage.url),
  linkLabel: (passage) => messages.passage.originOf(passage.title),
  whyOf(passage) {
    const { semantic_rank: near, keyword_rank: named } = passage
    // Without a model of meaning that rank only counts kindred words, and must not claim more.
    const isMeant = !this.$store.status.isKeywordOnly
    const ranks = [
      near && (isMeant ? messages.passage.semantic(near) : !named && messages.passage.kindred(near)),
      named && messages.passage.keyword(named),
    ]
    return ranks.filter(Boolean).join(" · ")
  },
})

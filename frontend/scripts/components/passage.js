// One passage as found: whose it is, and why the search brought it up.
import { messages } from "../messages.js"
import { safeLink } from "../safe_link.js"

export const passageCard = () => ({
  authorOf: (passage) => passage.author || messages.passage.anonymous,
  linkOf: (passage) => safeLink(passage.url),
  linkLabel: (passage) => messages.passage.originOf(passage.title),
  whyOf(passage) {
    const ranks = [
      passage.semantic_rank && messages.passage.semantic(passage.semantic_rank),
      passage.keyword_rank && messages.passage.keyword(passage.keyword_rank),
    ]
    return ranks.filter(Boolean).join(" · ")
  },
})

// Every component and store by the name the markup calls it.
import { confirm } from "./confirm.js"
import { corpus } from "./corpus.js"
import { desk } from "./desk.js"
import { library } from "./library.js"
import { manuscript } from "./manuscript.js"
import { passageCard } from "./passage.js"
import { status } from "./status.js"
import { storyForm } from "./story_form.js"
import { corpusStory } from "./story.js"
import { studio } from "./studio.js"
import { toast } from "./toast.js"

export const stores = { confirm, desk, status, toast }
export const components = { corpus, corpusStory, library, manuscript, passageCard, storyForm, studio }

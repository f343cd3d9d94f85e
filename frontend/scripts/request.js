// The form as typed, and the request it becomes. Empty fields are left out: the server knows its defaults.
import { messages } from "./messages.js"

export const ADULT = 18
const OLDEST = 150

export const emptyForm = () => ({
  wish: "",
  genre: "",
  setting: "",
  tone: "",
  point_of_view: "",
  tense: "",
  heat: "",
  words: "800",
  avoid: "",
  characters: [],
  categories: [],
  top_k: "",
  sampling: { temperature: "", top_p: "", min_p: "", repeat_penalty: "", seed: "" },
})

export const emptyCharacter = () => ({ name: "", age: "", gender: "", description: "" })

// The same borders as the server's StoryRequest; it checks again, these only speak sooner.
const RANGES = {
  words: { low: 200, high: 30_000, whole: true },
  top_k: { low: 0, high: 20, whole: true },
  temperature: { low: 0, high: 2 },
  top_p: { low: 0.01, high: 1 },
  min_p: { low: 0, high: 1 },
  repeat_penalty: { low: 0.5, high: 2 },
  seed: { low: 0, high: 2 ** 31 - 1, whole: true },
}

/** What is wrong, by field: {} when the form may be sent. A character's fields are `name-0`, `age-0`. */
export function problemsOf(form) {
  const problems = {}
  const wish = form.wish.trim()
  if (!wish) problems.wish = messages.invalid.wish
  if (Array.from(wish).length > 4000) problems.wish = messages.invalid.wishLong
  form.characters.forEach((person, place) => {
    if (!person.name.trim()) problems[`name-${place}`] = messages.invalid.name
    const age = ageProblem(person.age)
    if (age) problems[`age-${place}`] = age
  })
  for (const [field, range] of Object.entries(RANGES)) {
    const problem = rangeProblem(valueOf(form, field), range)
    if (problem) problems[field] = problem
  }
  return problems
}

/** The body of POST /manuscripts. */
export function toRequest(form) {
  const words = numberFrom(form.words)
  return withoutEmpty({
    wish: form.wish.trim(),
    genre: form.genre.trim(),
    setting: form.setting.trim(),
    tone: form.tone.trim(),
    point_of_view: form.point_of_view,
    tense: form.tense,
    heat: numberFrom(form.heat),
    words,
    avoid: form.avoid.trim(),
    characters: form.characters.map((person) =>
      withoutEmpty({
        name: person.name.trim(),
        age: numberFrom(person.age),
        gender: person.gender.trim(),
        description: person.description.trim(),
      }),
    ),
    categories: [...form.categories],
    top_k: numberFrom(form.top_k),
    sampling: withoutEmpty(
      Object.fromEntries(Object.entries(form.sampling).map(([name, value]) => [name, numberFrom(value)])),
    ),
  })
}

/** Whether anything under «Тонкая настройка» differs from the untouched form. */
export function isTuned(form) {
  const { wish: _, ...touched } = form
  const { wish: __, ...untouched } = emptyForm()
  return JSON.stringify(touched) !== JSON.stringify(untouched)
}

const valueOf = (form, field) => (field in form ? form[field] : form.sampling[field])

function ageProblem(typed) {
  const age = numberFrom(typed)
  if (!Number.isInteger(age) || age < ADULT) return messages.invalid.age
  return age > OLDEST ? messages.invalid.ageHigh : null
}

function rangeProblem(typed, { low, high, whole = false }) {
  const value = numberFrom(typed)
  if (value === null) return null
  const fits = value >= low && value <= high && (!whole || Number.isInteger(value))
  if (fits) return null
  return whole ? messages.invalid.whole(low, high) : messages.invalid.range(low, high)
}

// Russian hands type a comma; what is not a plain number becomes NaN and fails every range.
function numberFrom(typed) {
  const text = String(typed).trim().replace(",", ".")
  if (text === "") return null
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
}

const isEmpty = (value) =>
  value === "" ||
  value === null ||
  (typeof value === "object" && Object.keys(value).length === 0)

const withoutEmpty = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)))

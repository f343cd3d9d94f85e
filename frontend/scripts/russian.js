// How Russian counts, dates and breaks its words.
import hyphenation from "hyphen/ru/index.js"
import { messages } from "./messages.js"

const SOFT_HYPHEN = "\u00ad"
const plurals = new Intl.PluralRules("ru")
const numbers = new Intl.NumberFormat("ru")
const dates = new Intl.DateTimeFormat("ru", { day: "numeric", month: "long", year: "numeric" })
const times = new Intl.DateTimeFormat("ru", { hour: "2-digit", minute: "2-digit" })

export const number = (value) => numbers.format(value)

/** counted(3, "words") -> «3 слова» */
export const counted = (value, noun) => `${number(value)} ${messages.counted[noun][plurals.select(value)]}`

/** An ISO 8601 time or date -> «5 марта 2026 г.»; nothing for what is not one. */
export function date(iso) {
  const time = new Date(iso ?? NaN)
  return Number.isNaN(time.getTime()) ? "" : dates.format(time)
}

export function moment(iso) {
  const day = date(iso)
  return day && `${day}, ${times.format(new Date(iso))}`
}

/** Words as the backend counts them: runs of letters and digits, a hyphen keeps them one. */
export const countWords = (text) => text.match(/[\p{L}\p{N}]+(?:[-‑’'][\p{L}\p{N}]+)*/gu)?.length ?? 0

// Chromium ships no Russian hyphenation dictionary: without soft hyphens a long word overflows a phone.
export const hyphenate = (text) => hyphenation.hyphenateSync(text, { minWordLength: 6 })

export const withoutSoftHyphens = (text) => text.replaceAll(SOFT_HYPHEN, "")

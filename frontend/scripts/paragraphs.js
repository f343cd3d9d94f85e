// A growing text as a list of paragraphs, of which only the changed ones are touched.
import { countWords, hyphenate } from "./russian.js"

const BREAK = /^(?:\*\s*){1,5}$|^[⁂—–-]{1,3}$|^#{1,3}$/u

/** Split at line ends; dialogue lines stay paragraphs of their own, blank lines vanish. */
export const splitParagraphs = (text) =>
  text
    .split(/\n+/)
    .map((line) => line.trim())
    .filter(Boolean)

/**
 * Bring `lines` up to date with `text`, in place. Each line is {raw, shown, words, isBreak}: `shown` has
 * soft hyphens, `isBreak` marks a row of asterisks between scenes. Unchanged lines stay as they are, so
 * a long story costs as much per update as a short one.
 */
export function updateLines(lines, text) {
  const paragraphs = splitParagraphs(text)
  lines.length = Math.min(lines.length, paragraphs.length)
  paragraphs.forEach((raw, place) => {
    if (lines[place]?.raw !== raw) lines[place] = lineOf(raw)
  })
  return lines
}

function lineOf(raw) {
  const isBreak = BREAK.test(raw)
  return { raw, shown: isBreak ? "* * *" : hyphenate(raw), words: countWords(raw), isBreak }
}

export const wordsIn = (lines) => lines.reduce((sum, line) => sum + line.words, 0)

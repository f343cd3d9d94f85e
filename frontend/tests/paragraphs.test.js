import assert from "node:assert/strict"
import { test } from "node:test"
import { splitParagraphs, updateLines, wordsIn } from "../scripts/paragraphs.js"
import { withoutSoftHyphens } from "../scripts/russian.js"

test("dialogue lines are paragraphs and blank lines are none", () => {
  assert.deepEqual(splitParagraphs("Снег.\n— Да.\n\n\n  — Нет. \n"), ["Снег.", "— Да.", "— Нет."])
})

test("a growing text touches only its last paragraph", () => {
  const lines = updateLines([], "Первый абзац.\n\nВторой")
  const [first, second] = lines

  updateLines(lines, "Первый абзац.\n\nВторой растёт.\n\nТретий")

  assert.equal(lines[0], first)
  assert.notEqual(lines[1], second)
  assert.equal(wordsIn(lines), 5)
})

test("a text that shrank loses its last paragraphs", () => {
  const lines = updateLines([], "Один.\n\nДва.\n\nТри.")

  updateLines(lines, "Один.")

  assert.deepEqual(lines.map((line) => line.raw), ["Один."])
})

test("text streamed a letter at a time ends as the same lines", () => {
  const text = "Набережная стояла белая.\n\n* * *\n\n— Открыто? — спросил часовщик."
  const lines = []

  for (let length = 1; length <= text.length; length++) updateLines(lines, text.slice(0, length))

  assert.deepEqual(lines, updateLines([], text))
  assert.deepEqual(lines.map((line) => line.isBreak), [false, true, false])
})

test("soft hyphens are shown and taken away without a trace, markup included", () => {
  const raw = "Подстаканник и <img src=x onerror=alert(1)> стояли на набережной."
  const [line] = updateLines([], raw)

  assert.match(line.shown, /на\u00adбе/)
  assert.equal(withoutSoftHyphens(line.shown), raw)
})

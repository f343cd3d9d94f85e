// Small things the page is made of: routes, links, sentences.
import assert from "node:assert/strict"
import { test } from "node:test"
import { messages } from "../scripts/messages.js"
import { links, parseRoute } from "../scripts/route.js"
import { counted, countWords, date } from "../scripts/russian.js"
import { safeLink } from "../scripts/safe_link.js"

test("every link leads back to its route", () => {
  assert.deepEqual(parseRoute(links.manuscript("a/б 1")), { name: "manuscript", id: "a/б 1" })
  assert.deepEqual(parseRoute(links.story("s1")), { name: "story", id: "s1" })
  assert.deepEqual(parseRoute(links.library()), { name: "library", id: "" })
  assert.deepEqual(parseRoute(links.corpus()), { name: "corpus", id: "" })
  assert.deepEqual(parseRoute(links.write()), { name: "write", id: "" })
})

for (const hash of ["", "#", "#/nowhere", "#/constructor", "#//", "#/write/x", "#/manuscripts/%E0%A4%A"]) {
  test(`the hash «${hash}» opens something`, () => {
    assert.match(parseRoute(hash).name, /^(write|library)$/)
  })
}

test("only web addresses become links", () => {
  assert.equal(safeLink("https://site.example/1"), "https://site.example/1")
  for (const address of ["javascript:alert(1)", " java\nscript:alert(1)", "data:text/html,x", "//site.example", "/path", "", null, undefined]) {
    assert.equal(safeLink(address), null, String(address))
  }
})

test("Russian counts its nouns", () => {
  assert.equal(counted(1, "words"), "1 слово")
  assert.equal(counted(22, "words"), "22 слова")
  assert.equal(counted(11, "stories"), "11 историй")
  assert.equal(counted(0, "chunks"), "0 отрывков")
})

test("words are counted, marks are not", () => {
  assert.equal(countWords("— Кто-то пришёл? — спросил он… «Да» * 3"), 6)
  assert.equal(countWords(""), 0)
})

test("a time that isn't one is left out", () => {
  assert.equal(date("2026-03-05"), "5 марта 2026 г.")
  assert.equal(date(null), "")
})

test("every sentence is said", () => {
  const walk = (tree, path) => {
    for (const [name, branch] of Object.entries(tree)) {
      if (typeof branch === "object") walk(branch, [...path, name])
      else if (typeof branch === "string") assert.ok(branch.trim(), [...path, name].join("."))
    }
  }
  walk(messages, [])
})

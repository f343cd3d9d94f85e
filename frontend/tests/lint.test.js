import assert from "node:assert/strict"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { assemble } from "../assemble.mjs"
import { loadPage } from "../lint.mjs"
import { lintAddresses, lintHtml } from "../lint_rules.mjs"

const page = await loadPage()
const lint = (html) => lintHtml(`<main x-data="studio">${html}</main>`, page).findings

test("our own page passes", () => {
  const { expressions, findings } = lintHtml(assemble(fileURLToPath(new URL("../index.html", import.meta.url))), page)

  assert.deepEqual(findings, [])
  assert.ok(expressions > 200)
})

const FAULTS = {
  "an arrow function": ['<p x-text="() => t.brand"></p>', /CSP|Unexpected|Expected/i],
  "optional chaining": ['<p x-text="t?.brand"></p>', /\?/],
  "a global": ['<p x-text="window.name"></p>', /nothing here is called window/],
  "a name nobody has": ['<p x-show="isHappy"></p>', /nothing here is called isHappy/],
  "a loop's name outside its loop": ['<template x-for="wish in t.wishes"><p x-text="wish"></p></template><p x-text="wish"></p>', /called wish/],
  "a sentence nobody wrote": ['<p x-text="t.form.nonsense"></p>', /no sentence t\.form\.nonsense/],
  "a store's missing member": ['<p x-text="$store.status.mood"></p>', /no \$store\.status\.mood/],
  "an unknown component": ['<div x-data="nobody"></div>', /not a component/],
  "x-html": ['<p x-html="t.brand"></p>', /x-html is prohibited/],
  "an inline style": ['<p style="color: red"></p>', /style attribute/],
  "an inline handler": ['<p onclick="go()"></p>', /inline handler/],
  "an inline script": ["<script>go()</script>", /inline script/],
  "a new tab that knows its opener": ['<a target="_blank" href="/x">x</a>', /noopener/],
  "an unclosed tag": ["<div><p></p>", /closes <div>|never closed/],
}
for (const [fault, [html, sentence]] of Object.entries(FAULTS)) {
  test(`finds ${fault}`, () => {
    assert.match(lint(html).join("\n"), sentence)
  })
}

test("finds an outside address, but not one in a comment", () => {
  assert.equal(lintAddresses("a.css", '@import "//fonts.example.com/x.css";').length, 1)
  assert.equal(lintAddresses("a.js", 'fetch("https://example.com/x")').length, 1)
  assert.equal(lintAddresses("a.js", "// see https://example.com/x").length, 0)
})

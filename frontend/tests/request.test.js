import assert from "node:assert/strict"
import { test } from "node:test"
import { emptyCharacter, emptyForm, isTuned, problemsOf, toRequest } from "../scripts/request.js"

const wishing = (changes = {}) => ({ ...emptyForm(), wish: " Двое в поезде ", ...changes })
const person = (changes) => ({ ...emptyCharacter(), name: "Вера", age: "34", ...changes })

test("a wish alone is a whole request", () => {
  assert.deepEqual(problemsOf(wishing()), {})
  assert.deepEqual(toRequest(wishing()), { wish: "Двое в поезде", words: 800 })
})

test("everything typed arrives, numbers as numbers and a comma as a point", () => {
  const form = wishing({
    heat: "0",
    top_k: "0",
    categories: ["романтика"],
    characters: [person({ gender: "женщина" })],
    sampling: { ...emptyForm().sampling, temperature: "0,7", seed: "42" },
  })

  assert.deepEqual(toRequest(form), {
    wish: "Двое в поезде",
    heat: 0,
    words: 800,
    characters: [{ name: "Вера", age: 34, gender: "женщина" }],
    categories: ["романтика"],
    top_k: 0,
    sampling: { temperature: 0.7, seed: 42 },
  })
})

test("an empty wish is asked for", () => {
  assert.ok(problemsOf(wishing({ wish: "  \n" })).wish)
})

for (const age of ["17", "", "17.9", "-1", "восемнадцать", "18.5", "0x20"]) {
  test(`the age «${age}» is not an adult's`, () => {
    assert.match(problemsOf(wishing({ characters: [person({ age })] }))["age-0"], /от 18 лет/)
  })
}

test("eighteen is an adult", () => {
  assert.deepEqual(problemsOf(wishing({ characters: [person({ age: "18" })] })), {})
})

for (const [field, value] of Object.entries({ words: "100", top_k: "21" })) {
  test(`${field} = ${value} is out of its range`, () => {
    assert.ok(problemsOf(wishing({ [field]: value }))[field])
  })
}

for (const [field, value] of Object.entries({ temperature: "2.1", top_p: "0", min_p: "x", repeat_penalty: "0.4", seed: "1.5" })) {
  test(`${field} = ${value} is out of its range`, () => {
    assert.ok(problemsOf(wishing({ sampling: { ...emptyForm().sampling, [field]: value } }))[field])
  })
}

test("only the drawer counts as tuning", () => {
  assert.equal(isTuned(wishing()), false)
  assert.equal(isTuned(wishing({ tone: "нежное" })), true)
})

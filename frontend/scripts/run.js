// What a run has told so far: a plain value and one function that folds an event into it.

/** A story before its first event; `scenes` may hold what earlier runs wrote. */
export const newRun = (scenes = [], target = 0) => ({
  state: "starting",
  place: 0,
  eta: null,
  title: "",
  target,
  scenes,
  notices: [],
  problem: null,
  seconds: null,
})

/**
 * Fold one event of the run into the story, in place (the page watches this very object).
 * Unknown events are passed over: a newer server may say more than an older page understands.
 */
export function take(run, { name, data }) {
  steps[name]?.(run, data)
  return run
}

export const isOver = (run) => !["starting", "queued", "writing", "lost", "stopping"].includes(run.state)

export const textOf = (run) => run.scenes.map((scene) => scene.text).filter(Boolean).join("\n\n")

/** Every passage the story leans on, each once, in the order of first use. */
export function passagesOf(run) {
  const seen = new Map()
  for (const passage of run.scenes.flatMap((scene) => scene.sources)) {
    if (!seen.has(passage.chunk_id)) seen.set(passage.chunk_id, passage)
  }
  return [...seen.values()]
}

const steps = {
  queued(run, { position, eta_seconds }) {
    run.state = "queued"
    run.place = position
    run.eta = eta_seconds ?? null
  },
  plan(run, { title }) {
    begin(run)
    run.title = title || run.title
  },
  scene(run, { index, title }) {
    begin(run)
    // A scene begins anew: what an earlier try or a half-seen run left of it goes.
    Object.assign(sceneOf(run, index), { title, text: "", sources: [] })
  },
  sources(run, { scene, passages }) {
    begin(run)
    sceneOf(run, scene).sources = passages
  },
  delta(run, { scene, text }) {
    begin(run)
    sceneOf(run, scene).text += text
  },
  replace(run, { scene, from, text }) {
    // Texts stay within the Basic Multilingual Plane, so the server's characters are ours.
    const target = sceneOf(run, scene)
    target.text = target.text.slice(0, from) + text
  },
  notice(run, notice) {
    run.notices.push(notice)
  },
  scene_done: begin,
  done(run, { seconds }) {
    run.state = "done"
    run.seconds = seconds ?? null
  },
  stopped(run) {
    run.state = "stopped"
  },
  // What was refused is not left on the screen, not even the beginning of it.
  blocked(run, problem) {
    run.state = "blocked"
    run.problem = problem
    run.scenes = []
  },
  error(run, problem) {
    run.state = "failed"
    run.problem = problem
  },
}

function begin(run) {
  if (run.state === "starting" || run.state === "queued" || run.state === "lost") run.state = "writing"
}

function sceneOf(run, index) {
  const known = run.scenes.find((scene) => scene.index === index)
  if (known) return known
  run.scenes.push({ index, title: "", text: "", sources: [] })
  run.scenes.sort((a, b) => a.index - b.index)
  // Found anew: through the page's proxy the pushed object and the stored one differ.
  return run.scenes.find((scene) => scene.index === index)
}

// A short word about what has just happened; it goes by itself.
const SHOWN_MS = 5000

export const toast = () => ({
  text: "",
  timer: null,

  say(text) {
    clearTimeout(this.timer)
    this.text = text
    this.timer = setTimeout(() => (this.text = ""), SHOWN_MS)
  },
})

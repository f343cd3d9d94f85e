// One question for every deed that can't be undone: it shows what is about to be lost.
export const confirm = () => ({
  question: { title: "", subject: "", text: "" },
  answer: null,

  /** Ask and resolve to true for yes; Escape and a click on the backdrop mean no. */
  ask(question) {
    this.question = question
    const dialog = document.getElementById("confirm")
    dialog.returnValue = ""
    dialog.showModal()
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true })
    })
  },
  reply(answer) {
    document.getElementById("confirm").close(answer)
  },
})

// Addresses that came with a story are shown only when a browser may safely open them.

/** The address, if it is plain http or https; otherwise null (javascript:, data:, relative, broken). */
export function safeLink(address) {
  try {
    const url = new URL(address)
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null
  } catch {
    return null
  }
}

/**
 * True when a web page asks: browsers then name the page's origin, and nobody else does. The endpoints of the emulator that
 * AWS guards by signatures are for this machine's programs; no page that happens to be open may use them.
 * @param headers as Node gives them, names in lower case
 */
export function isFromWebPage(headers: Readonly<Record<string, unknown>>): boolean {
  return headers.origin !== undefined;
}

/**
 * `Warning` headers. A text comes from what the client sent, so it may be long, and hold what no header may: it must
 * never break an answer, whose write is done. Source: apiserver, pkg/endpoints/filters/warning.go; apimachinery,
 * pkg/util/net/http.go, NewWarningHeader.
 */

const totalMax = 4 * 1024;
/** The limit of each text when all of them together are too long. */
const textMax = 256;

const control = /\p{Cc}/u;

/** Header values take bytes: those of UTF-8, each as a character. */
const headerOf = (text: string): string => `299 - "${Buffer.from(text.replaceAll(/["\\]/g, String.raw`\$&`), 'utf8').toString('latin1')}"`;

/** In characters, not in halves of them. */
const cut = (text: string): string =>
  text.length <= textMax
    ? text
    : Array.from(text.slice(0, 2 * textMax))
        .slice(0, textMax)
        .join('');

export function warningHeaders(warnings: Iterable<string>): string[] {
  const texts: string[] = [];
  let total = 0;
  let isCut = false;
  for (const warning of warnings) {
    if (isCut && total >= totalMax) break;
    const text = isCut ? cut(warning) : warning;
    if (text === '' || control.test(text)) continue;
    texts.push(text);
    total += text.length;
    if (isCut || total <= totalMax) continue;
    isCut = true;
    texts.splice(0, texts.length, ...texts.map(cut));
    total = texts.reduce((sum, { length }) => sum + length, 0);
  }
  return texts.map(headerOf);
}

/** PEM blocks in a text, found in one pass. Source: RFC 7468; Go's encoding/pem. */

export interface PemBlock {
  readonly label: string;
  /** Base64, as it stands there. */
  readonly content: string;
  /** The block with its lines of begin and end. */
  readonly text: string;
}

const begin = '-----BEGIN ';
const dashes = '-----';
const labelLengthMax = 100;

const labelPattern = /^[A-Z0-9 ]+$/;

/** A block whose end has another label, or none, is passed over. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  const endAfter = nextIndex(text, '-----END ');
  for (let start = text.indexOf(begin); start !== -1;) {
    const labelStart = start + begin.length;
    const label = text.slice(labelStart, labelStart + labelLengthMax).split(dashes, 1)[0] ?? '';
    const contentStart = labelStart + label.length + dashes.length;
    const end = endAfter(contentStart);
    if (end === -1) return blocks;
    const lastLine = `-----END ${label}${dashes}`;
    const isWhole = labelPattern.test(label) && text.startsWith(lastLine, end);
    if (isWhole) blocks.push({ label, content: text.slice(contentStart, end), text: text.slice(start, end + lastLine.length) });
    start = text.indexOf(begin, isWhole ? end + lastLine.length : labelStart);
  }
  return blocks;
}

/** Searches for the next one, and not again before that place is passed. */
function nextIndex(text: string, wanted: string): (from: number) => number {
  let found: number | undefined;
  return (from) => {
    if (found === undefined || (found !== -1 && found < from)) found = text.indexOf(wanted, from);
    return found;
  };
}

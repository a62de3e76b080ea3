/** Writes tar archives (ustar, with GNU's extension for long names): what image layers and image archives are made of. */

export interface TarEntry {
  /** Relative, without `./`. */
  readonly path: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** One of these; none of them: a directory. */
  readonly content?: Uint8Array | string;
  readonly symlink?: string;
}

const blockBytes = 512;
const nameBytesMax = 100;

const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;

const padding = (length: number): Buffer => Buffer.alloc((blockBytes - (length % blockBytes)) % blockBytes);

interface Header {
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly type: '0' | '2' | '5' | 'L';
  readonly link: string;
  readonly uid: number;
  readonly gid: number;
}

function headerBlock(header: Header): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write(header.name, 0, nameBytesMax);
  block.write(octal(header.mode, 8), 100);
  block.write(octal(header.uid, 8), 108);
  block.write(octal(header.gid, 8), 116);
  block.write(octal(header.size, 12), 124);
  // No clock in here: the same content makes the same bytes, so an image keeps its digest.
  block.write(octal(0, 12), 136);
  block.write('        ', 148);
  block.write(header.type, 156);
  block.write(header.link, 157, nameBytesMax);
  block.write('ustar  \0', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function longName(name: string): Buffer[] {
  const content = Buffer.from(`${name}\0`);
  const header = headerBlock({ name: '././@LongLink', mode: 0, size: content.length, type: 'L', link: '', uid: 0, gid: 0 });
  return [header, content, padding(content.length)];
}

function entryBlocks(entry: TarEntry): Buffer[] {
  const type = entry.symlink !== undefined ? '2' : entry.content !== undefined ? '0' : '5';
  const name = type === '5' && !entry.path.endsWith('/') ? `${entry.path}/` : entry.path;
  const content = Buffer.from(entry.content ?? '');
  const mode = entry.mode ?? (type === '0' ? 0o644 : 0o755);
  const header = { name, mode, size: content.length, type, link: entry.symlink ?? '', uid: entry.uid ?? 0, gid: entry.gid ?? 0 } as const;
  const long = Buffer.byteLength(name) > nameBytesMax ? longName(name) : [];
  return [...long, headerBlock(header), content, padding(content.length)];
}

export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(2 * blockBytes)]);
}

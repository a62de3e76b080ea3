/**
 * A backup as a file: its lines, compressed with zstd, and sealed by age (age-encryption.org/v1) with a passphrase or for a
 * recipient. `age -d FILE | zstd -d` shows the same. The file has its name when it is whole and on the disk, not before.
 */
import { Decrypter, Encrypter } from 'age-encryption';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { pipeline, Readable, type Transform } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { BackupError, checkedLines, withEnd, type BackupEnd, type BackupLine } from './backup-lines.ts';

/** What seals a backup, and what opens it. */
export type BackupSeal =
  /** `workFactor`: scrypt's, as a power of two; age's own when left out. */
  | { readonly kind: 'passphrase'; readonly passphrase: string; readonly workFactor?: number }
  /** `age1…`: only who holds its identity can open the backup. */
  | { readonly kind: 'recipient'; readonly recipient: string }
  | { readonly kind: 'none' };

export type BackupKey =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  /** `AGE-SECRET-KEY-1…` */
  | { readonly kind: 'identity'; readonly identity: string }
  | { readonly kind: 'none' };

type Lines = AsyncIterable<Exclude<BackupLine, BackupEnd>>;

const compressionLevel = 6;
const sealedPrefix = 'age-encryption.org/';
const compressedPrefix = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Objects of a cluster are compressed to some hundredths; what grows more was made to fill memory or a disk. */
const growthMax = 2_000;
/** A small file may grow so far. */
const growthBytesFree = 64 << 20;

const compressor = () => createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: compressionLevel } });

/** An error of either is the other's, and so reaches the reader. */
const through = (bytes: Readable, transform: Transform): Readable => pipeline(bytes, transform, () => undefined);

async function sealed(bytes: Readable, seal: BackupSeal): Promise<AsyncIterable<Uint8Array>> {
  if (seal.kind === 'none') return bytes;
  const encrypter = new Encrypter();
  if (seal.kind === 'passphrase') {
    encrypter.setPassphrase(seal.passphrase);
    if (seal.workFactor !== undefined) encrypter.setScryptWorkFactor(seal.workFactor);
  } else addRecipient(encrypter, seal.recipient);
  return Readable.fromWeb((await encrypter.encrypt(Readable.toWeb(bytes) as ReadableStream<Uint8Array>)) as never);
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient);
  } catch (error) {
    throw new BackupError(`${recipient} is no recipient of age: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Writes the file and reads it back, which without the identity of a recipient means its bytes. Answers how many there are. */
export async function writeBackup(file: string, lines: Lines, seal: BackupSeal): Promise<number> {
  const draft = `${file}.draft`;
  try {
    const written = await writeDraft(draft, lines, seal);
    if (seal.kind === 'recipient') await checkBytes(draft, written.sha256);
    else await readToEnd(readBackup(draft, seal));
    await rename(draft, file);
    return written.bytes;
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDraft(draft: string, lines: Lines, seal: BackupSeal): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const output = await open(draft, 'w', 0o600);
  try {
    for await (const chunk of await sealed(through(Readable.from(withEnd(lines)), compressor()), seal)) {
      hash.update(chunk);
      bytes += chunk.length;
      await output.writeFile(chunk);
    }
    await output.sync();
  } finally {
    await output.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function checkBytes(file: string, sha256: string): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  if (hash.digest('hex') !== sha256) throw new BackupError('the disk gave back other bytes than were written');
}

async function readToEnd(lines: Lines): Promise<void> {
  for await (const line of lines) void line;
}

/** How the file is sealed, by its first bytes. */
export async function sealOf(file: string): Promise<'sealed' | 'none'> {
  const input = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await input.read(Buffer.alloc(sealedPrefix.length), 0, sealedPrefix.length, 0);
    if (buffer.toString('latin1', 0, bytesRead) === sealedPrefix) return 'sealed';
    if (buffer.subarray(0, compressedPrefix.length).equals(compressedPrefix)) return 'none';
    throw new BackupError('this is no backup');
  } finally {
    await input.close();
  }
}

/** All lines before the end. Throws BackupError for a file that is cut off or damaged, or sealed with another key. */
export async function* readBackup(file: string, key: BackupKey): Lines {
  const input = createReadStream(file);
  try {
    const bytes = key.kind === 'none' ? input : await opened(input, key);
    const { size } = await stat(file);
    yield* checkedLines(bounded(through(bytes, createZstdDecompress()), growthBytesFree + size * growthMax));
  } catch (error) {
    throw asBackupError(error);
  } finally {
    input.destroy();
  }
}

async function* bounded(chunks: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new BackupError(`the backup holds more than ${growthMax} times what its file does`);
    yield chunk;
  }
}

async function opened(bytes: Readable, key: Exclude<BackupKey, { kind: 'none' }>): Promise<Readable> {
  const decrypter = new Decrypter();
  if (key.kind === 'passphrase') decrypter.addPassphrase(key.passphrase);
  else decrypter.addIdentity(key.identity);
  return Readable.fromWeb((await decrypter.decrypt(Readable.toWeb(bytes) as ReadableStream<Uint8Array>)) as never);
}

/** The libraries' own words speak of chunks and frames. */
function asBackupError(error: unknown): unknown {
  if (error instanceof BackupError || !(error instanceof Error)) return error;
  if ('code' in error && error.code === 'ENOENT') return error;
  if (/no identity matched|identity/i.test(error.message)) return new BackupError('the backup does not open with this key');
  return new BackupError(`the backup is cut off or damaged: ${error.message}`);
}

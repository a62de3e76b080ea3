/** What seals a backup, and what opens it, as a command was given it. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { BackupKey, BackupSeal } from '../backup/backup-file.ts';
import { CliError } from './cli-error.ts';

export interface SealOptions {
  readonly passphraseFile?: string;
  readonly recipient?: string;
  readonly unsealed?: boolean;
}

export interface KeyOptions {
  readonly passphraseFile?: string;
  readonly identityFile?: string;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function passphraseIn(file: string): string {
  const passphrase = textOf(file);
  if (passphrase === '') throw new CliError(`${file} holds no passphrase.`);
  return passphrase;
}

/** Typed, and not shown. Undefined: no user is there to type it. */
async function askPassphrase(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  process.stdout.write(question);
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silence, terminal: true });
  try {
    return (await terminal.question('')).trim();
  } finally {
    terminal.close();
    process.stdout.write('\n');
  }
}

async function newPassphrase(): Promise<string> {
  const first = await askPassphrase('Passphrase of the backup: ');
  if (first === undefined)
    throw new CliError(
      'A backup holds Secrets and keys, so that something must seal it.',
      '--passphrase-file FILE or --recipient age1… seals it, --unsealed leaves it open.',
    );
  if (first === '') throw new CliError('An empty passphrase seals nothing.');
  if ((await askPassphrase('The same again: ')) !== first) throw new CliError('The two are not the same.');
  return first;
}

export async function sealFrom({ passphraseFile, recipient, unsealed = false }: SealOptions): Promise<BackupSeal> {
  if (unsealed) return { kind: 'none' };
  if (recipient !== undefined) return { kind: 'recipient', recipient };
  return { kind: 'passphrase', passphrase: passphraseFile === undefined ? await newPassphrase() : passphraseIn(passphraseFile) };
}

/** The identity in a file as age-keygen writes it: comments, and the identity in a line of its own. */
function identityIn(file: string): string {
  const identity = textOf(file)
    .split('\n')
    .find((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (identity === undefined) throw new CliError(`${file} holds no identity of age.`);
  return identity.trim();
}

export async function keyFrom({ passphraseFile, identityFile }: KeyOptions): Promise<BackupKey> {
  if (identityFile !== undefined) return { kind: 'identity', identity: identityIn(identityFile) };
  if (passphraseFile !== undefined) return { kind: 'passphrase', passphrase: passphraseIn(passphraseFile) };
  const passphrase = await askPassphrase('Passphrase of the backup: ');
  if (passphrase === undefined) throw new CliError('The backup is sealed.', '--passphrase-file FILE or --identity-file FILE opens it.');
  return { kind: 'passphrase', passphrase };
}

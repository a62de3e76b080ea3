/**
 * The keys that sign tokens, in a file of a data directory: PEM documents, the signing one first. A new one signs as
 * soon as a running control plane reads the file again. The former ones still verify, so all tokens stay valid.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { loadSigningKeys, newSigningKeyPem, type SigningKey, signingKeyOf, type SigningKeys } from '../../functions/apiserver/auth/keys.ts';
import { readIfThere, writePrivately } from './data-directory.ts';

export interface LiveSigningKeys {
  /** The same array all the time; what it holds is the newest that was read. */
  readonly keys: SigningKeys;
  /** Reads the file again where it has changed. */
  refresh(): void;
}

const fileIn = (pkiDirectory: string): string => join(pkiDirectory, 'service-accounts.key');

const pemPattern = /-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----\n?/g;
const pemsIn = (file: string): readonly string[] => (readIfThere(file) ?? '').match(pemPattern) ?? [];
const changedMsOf = (file: string): number | undefined => statSync(file, { throwIfNoEntry: false })?.mtimeMs;

/** Made where there is none. */
export async function liveSigningKeys(pkiDirectory: string): Promise<LiveSigningKeys> {
  const file = fileIn(pkiDirectory);
  const [first, ...others] = await loadSigningKeys({
    load: async () => pemsIn(file),
    create: async (pem) => {
      writePrivately(file, pem);
      return [pem];
    },
  });
  const keys: [SigningKey, ...SigningKey[]] = [first, ...others];
  let changedMs = changedMsOf(file);
  return {
    keys,
    refresh() {
      const nowMs = changedMsOf(file);
      if (nowMs === changedMs) return;
      const read = pemsIn(file).map((pem) => signingKeyOf(pem));
      if (read.length > 0) keys.splice(0, keys.length, ...read);
      changedMs = nowMs;
    },
  };
}

/** From its next reading on the control plane signs with a new key. Answers with its id. */
export async function rotateSigningKey(pkiDirectory: string): Promise<string> {
  const file = fileIn(pkiDirectory);
  const pem = await newSigningKeyPem();
  writePrivately(file, [pem, ...pemsIn(file)].join(''));
  return signingKeyOf(pem).id;
}

/** Bytes that only this node can read, and only where it put them: AES-256-GCM with a key that lies beside the node's credential. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { orUndefined } from '../files/error-code.ts';

export interface Seal {
  /** `place` must be the same when it is opened. */
  close(bytes: Uint8Array, place: string): Buffer;
  /** Undefined: another key sealed it, for another place, or something changed it. */
  open(sealed: Uint8Array, place: string): Buffer | undefined;
}

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

export function createSeal(key: Uint8Array): Seal {
  return {
    close(bytes, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(place));
      const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    open(sealed, place) {
      if (sealed.length < nonceBytes + tagBytes) return undefined;
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes)).setAAD(Buffer.from(place));
      decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]);
      } catch (error) {
        if (error instanceof Error) return undefined;
        throw error;
      }
    },
  };
}

/** The key in the file, made where it is missing or of another length. */
export async function sealFromFile(path: string): Promise<Seal> {
  const known = await orUndefined(readFile(path));
  if (known?.length === keyBytes) {
    await chmod(path, 0o600);
    return createSeal(known);
  }
  const key = randomBytes(keyBytes);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.draft`, key, { mode: 0o600 });
  await rename(`${path}.draft`, path);
  return createSeal(key);
}

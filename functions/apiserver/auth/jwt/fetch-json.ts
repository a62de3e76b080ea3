/** Asks an issuer over HTTPS. What it answers is read to a limit, and redirects are not followed. */
import { request } from 'node:https';
import type { FetchJson } from './issuer-keys.ts';

const answerBytesMax = 1 << 20;
const withinMs = 10_000;

async function bodyOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const kept: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > answerBytesMax) throw new Error(`the answer is longer than ${answerBytesMax} bytes`);
    kept.push(chunk);
  }
  return Buffer.concat(kept).toString();
}

export const fetchJson: FetchJson = (url, authority) =>
  new Promise((resolve, reject) => {
    const options = {
      signal: AbortSignal.timeout(withinMs),
      headers: { accept: 'application/json' },
      ...(authority !== undefined && { ca: authority }),
    };
    const call = request(url, options, (message) => {
      const { statusCode } = message;
      if (statusCode !== 200) {
        message.destroy();
        return reject(new Error(`GET ${url}: status ${statusCode}`));
      }
      bodyOf(message)
        .then((text) => resolve(JSON.parse(text) as unknown))
        .catch(reject);
    });
    call.once('error', reject);
    call.end();
  });

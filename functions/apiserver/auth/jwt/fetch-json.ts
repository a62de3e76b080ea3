/** Asks an issuer over HTTPS. What it answers is read to a limit, and redirects are not followed. */
import { request } from 'node:https';
import { boundedJson } from '../../../kube/bounded-json.ts';
import { limitedText } from '../../http/limited-text.ts';
import type { FetchJson } from './issuer-keys.ts';

const answerBytesMax = 1 << 20;
const withinMs = 10_000;

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
      limitedText(message, answerBytesMax)
        .then((text) => resolve(boundedJson(text)))
        .catch(reject);
    });
    call.once('error', reject);
    call.end();
  });

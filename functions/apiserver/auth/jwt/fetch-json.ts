/** Asks an issuer over HTTPS. What it answers is read to a limit, and redirects are not followed. */
import { request } from 'node:https';
import { boundedJson } from '../../../kube/bounded-json.ts';
import { limitedText } from '../../http/limited-text.ts';
import type { FetchJson } from './issuer-keys.ts';

/** GETs a text over HTTPS; rejects without one. */
export type FetchText = (url: string, options: FetchOptions) => Promise<string>;

export interface FetchOptions {
  /** PEM; the system's authorities when left out. */
  readonly authority: string | undefined;
  /** '' for none. */
  readonly accessToken?: string;
}

const answerBytesMax = 1 << 20;
const withinMs = 10_000;

export const fetchText: FetchText = (url, { authority, accessToken = '' }) =>
  new Promise((resolve, reject) => {
    const options = {
      signal: AbortSignal.timeout(withinMs),
      headers: { accept: 'application/json', ...(accessToken === '' ? {} : { authorization: `Bearer ${accessToken}` }) },
      ...(authority !== undefined && { ca: authority }),
    };
    const call = request(url, options, (message) => {
      const { statusCode } = message;
      if (statusCode !== 200) {
        message.destroy();
        return reject(new Error(`GET ${url}: status ${statusCode}`));
      }
      limitedText(message, answerBytesMax).then(resolve).catch(reject);
    });
    call.once('error', reject);
    call.end();
  });

export const fetchJson: FetchJson = async (url, authority) => boundedJson(await fetchText(url, { authority }));

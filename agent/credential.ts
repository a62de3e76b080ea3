/**
 * Keeps the node's credential fresh: at half its life it is traded for the next one. The transport reads the file for
 * every request, so nothing else has to know.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { TokenRequest } from '../functions/kube/generated/types.ts';
import { tokenPath } from '../functions/node-protocol/node-poll.ts';
import type { World } from '../functions/world.ts';
import type { AgentConfig } from './config.ts';
import { TransportError } from './poll.ts';
import type { Transport } from './transport.ts';

export interface CredentialOptions {
  readonly config: Pick<AgentConfig, 'nodeName' | 'server'>;
  readonly file: CredentialFile;
  readonly world: Pick<World, 'clock' | 'log'>;
  readonly transport: Pick<Transport, 'fetch'>;
}

export interface CredentialFile {
  read(): Promise<string>;
  /** Whole or not at all: it is read at any moment, and after a power cut. */
  write(token: string): Promise<void>;
}

export const credentialFile = (path: string): CredentialFile => ({
  read: () => readFile(path, 'utf8'),
  async write(token) {
    const draft = `${path}.draft`;
    await writeFile(draft, `${token}\n`, { mode: 0o600, flush: true });
    await rename(draft, path);
  },
});

const checkAgainMs = 10 * 60_000;

/** When half of the token's lifetime is over; undefined for a token without `iat` or `exp`. */
export function renewalMs(token: string): number | undefined {
  const [, payload = ''] = token.split('.');
  try {
    const { iat, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { iat?: unknown; exp?: unknown };
    return typeof iat === 'number' && typeof exp === 'number' ? ((iat + exp) / 2) * 1000 : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function renew({ config, file, transport, world }: CredentialOptions): Promise<void> {
  const request = new Request(`${config.server}${tokenPath(config.nodeName)}`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  const response = await transport.fetch(request);
  if (response.status !== 201) throw new TransportError(`the server answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
  const { status } = (await response.json()) as TokenRequest;
  const token = status?.token ?? '';
  if (token === '') throw new TransportError('the server answered without a token');
  await file.write(token);
  world.log.info('the credential of the node is renewed', { until: status?.expirationTimestamp });
}

/** Resolves when the signal aborts. A renewal that fails is tried again as long as the old credential may hold. */
export async function keepCredential(options: CredentialOptions, signal: AbortSignal): Promise<void> {
  const { file, world } = options;
  while (!signal.aborted) {
    const dueMs = renewalMs(await file.read());
    if (dueMs !== undefined && dueMs <= world.clock.now()) {
      await renew(options).catch((error: unknown) => {
        // A SyntaxError: something in between answered, and not with JSON.
        if (!(error instanceof TransportError) && !(error instanceof SyntaxError)) throw error;
        world.log.warn('the credential of the node could not be renewed; it is tried again', { error: error.message });
      });
    }
    await world.clock.sleep(checkAgainMs, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

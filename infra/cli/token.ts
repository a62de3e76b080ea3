/** `hibernetes token create|list|delete`: what lets a machine join. Upstream's bootstrap tokens, so that kubeadm reads them too. */
import { X509Certificate } from 'node:crypto';
import type { Client } from '../../functions/client/client.ts';
import type { Secret } from '../../functions/kube/generated/types.ts';
import { secrets } from '../../functions/kube/resource-type.ts';
import { isNotFound } from '../../functions/kube/status-error.ts';
import { timestamp } from '../../functions/kube/time.ts';
import { realWorld, type World } from '../../functions/world.ts';
import { type ClusterChoice, withApi } from './api-client.ts';
import type { ClusterAccess } from '../../functions/client/https-fetch.ts';
import { CliError } from './cli-error.ts';
import { print, type OutputChoice } from './output.ts';
import { publicKeyHash } from './public-key-hash.ts';
import { shakeHands } from './server-authority.ts';

/** Source: cluster-bootstrap, token/api/types.go. */
const secretType = 'bootstrap.kubernetes.io/token';
const namespace = 'kube-system';
const secretName = (id: string): string => `bootstrap-token-${id}`;
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

export interface TokenOptions extends ClusterChoice, OutputChoice {
  readonly ttl: number;
  readonly description?: string;
}

/** Uniform: bytes beyond the last whole multiple of the alphabet are thrown away. */
export function randomText(length: number, random: World['random']): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < 252 && text.length < length) text += letters[byte % letters.length];
    }
  }
  return text;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const fieldOf = ({ data }: Secret, name: string): string => Buffer.from(data?.[name] ?? '', 'base64').toString('utf8');

export const isLoopback = (server: string): boolean => /^https:\/\/(127\.|localhost|\[::1\])/.test(server);

interface NewToken {
  readonly token: string;
  readonly expiration?: string;
}

export async function makeToken(client: Client, { ttl, description }: Pick<TokenOptions, 'ttl' | 'description'>): Promise<NewToken> {
  const { clock, random } = realWorld('error');
  const [id, secret] = [randomText(6, random), randomText(16, random)];
  const expiration = ttl === 0 ? {} : { expiration: timestamp(clock.now() + ttl * 1000) };
  const fields = {
    'token-id': id,
    'token-secret': secret,
    'usage-bootstrap-authentication': 'true',
    ...expiration,
    ...(description === undefined ? {} : { description }),
  };
  const data = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, base64(value)]));
  await client.create(secrets, { metadata: { name: secretName(id), namespace }, type: secretType, data });
  return { token: `${id}.${secret}`, ...expiration };
}

export async function createToken(options: TokenOptions): Promise<void> {
  const [server, { token, ...expiration }] = await withApi(options, async ({ access, client }) => [
    access,
    await makeToken(client, options),
  ]);
  const pin = server.caPem === undefined ? '' : ` --ca-cert-hash ${publicKeyHash(new X509Certificate(server.caPem))}`;
  const created = {
    token,
    ...expiration,
    join: `hibernetes join ${server.server} --token ${token}${pin}`,
    script: `curl -sfL ${await curlTrust(server)}${server.server}/join.sh | sh -s - --token ${token}`,
  };
  print(options, created, ({ join, script }) => `${join}\n${script}\n`);
  if (isLoopback(server.server))
    process.stderr.write(
      'Other machines cannot reach this address: hibernetes up --listen 0.0.0.0:6443 lets them, under any of its addresses.\n',
    );
}

/** Machines do not know the authority of a cluster of its own: curl then believes the server by its key alone. */
async function curlTrust({ server, caPem }: ClusterAccess): Promise<string> {
  if (caPem === undefined) return '';
  const [leaf] = (await shakeHands(new URL(server))).chain;
  if (leaf === undefined) throw new CliError(`The server ${server} showed no certificate.`);
  return `-k --pinnedpubkey 'sha256//${Buffer.from(publicKeyHash(leaf).slice('sha256:'.length), 'hex').toString('base64')}' `;
}

export interface ListedToken {
  readonly id: string;
  readonly expires: string;
  readonly description: string;
}

/** Without the secret half, which is shown once only. */
export function tokenRows(tokens: readonly ListedToken[]): string {
  const rows = [['ID', 'EXPIRES', 'DESCRIPTION'], ...tokens.map(({ id, expires, description }) => [id, expires, description])];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)) + 3);
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

export async function listTokens(options: ClusterChoice & OutputChoice): Promise<void> {
  const now = realWorld('error').clock.now();
  const { items } = await withApi(options, ({ client }) => client.list(secrets, { namespace, fieldSelector: `type=${secretType}` }));
  const tokens = items.map((secret) => {
    const expires = fieldOf(secret, 'expiration');
    const isOver = expires !== '' && Date.parse(expires) <= now;
    return {
      id: fieldOf(secret, 'token-id'),
      expires: expires === '' ? '<never>' : `${expires}${isOver ? ' (over)' : ''}`,
      description: fieldOf(secret, 'description'),
    };
  });
  print(options, tokens, () => (tokens.length === 0 ? 'There are no tokens.\n' : `${tokenRows(tokens)}\n`));
}

/** By its id; the whole token will do. */
export async function deleteToken(token: string, options: ClusterChoice & OutputChoice): Promise<void> {
  const [id = ''] = token.split('.');
  await withApi(options, async ({ client }) => {
    const at = { namespace, name: secretName(id) };
    try {
      await client.delete(secrets, at);
    } catch (error) {
      if (isNotFound(error)) throw new CliError(`There is no token ${id}.`, 'hibernetes token list shows those that are there.');
      throw error;
    }
  });
  print(options, { deleted: id }, () => `token ${id} deleted\n`);
}

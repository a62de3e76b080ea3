/** An AWS of this machine: ministack in a Python environment and on a port of its own. Its directory goes with it. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import type { Result } from '../../support/kubectl.ts';
import { textAt } from '../../../infra/cli/cloud-request.ts';
import { openAccount, type Account } from './account.ts';
import { openEdge } from './edge.ts';
import { query, type Asker } from './query.ts';
import './runtime.mjs';

export const region = 'eu-west-1';
export const account = '000000000000';

export interface Emulator {
  readonly directory: string;
  /** The environment of programs that are to find all this instead of AWS. */
  readonly environment: Readonly<Record<string, string>>;
  /** The environment of kubectl, which asks for AWS's names through a proxy. */
  readonly kubectlEnvironment: Readonly<Record<string, string>>;
  /** The account as its administrator sees it. */
  readonly account: Account;
  /** The lines that the emulator wrote so far. */
  log(): string;
  /** The stack's template as CloudFormation holds it. */
  stackTemplate(stack: string): Promise<string>;
  run(program: string, args: readonly string[]): Promise<Result>;
  close(): Promise<void>;
}

const root = join(import.meta.dirname, '../../..');
const release = 'ministack==1.5.33';
/** Rights count: each function may do what its role permits, and nothing else. */
const settings = { BIND_HOST: '127.0.0.1', MINISTACK_REGION: region, AUTH: 'true' };
/** Credentials of the account's root user, as the emulator begins. */
const rootCredentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const stepMsMax = 10 * 60_000;

/** Outside of the clone: it is of use to all. `AWS_EMULATOR_CACHE` is another place. */
const environmentDirectory = (): string =>
  join(process.env['AWS_EMULATOR_CACHE'] ?? join(homedir(), '.cache/hibernetes'), release.replace('==', '-'));

function pythonWithEmulator(): string {
  const directory = environmentDirectory();
  const python = join(directory, 'bin/python');
  if (existsSync(join(directory, 'installed'))) return python;
  mkdirSync(directory, { recursive: true });
  for (const [program = '', ...args] of [
    ['python3', '-m', 'venv', directory],
    [join(directory, 'bin/pip'), 'install', '--quiet', release],
  ]) {
    const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: stepMsMax });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
  }
  writeFileSync(join(directory, 'installed'), '');
  return python;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

/** An account, an identity or an address that is set outside reaches no program of the tests. */
function forgetAws(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
}

export async function startEmulator(): Promise<Emulator> {
  const python = pythonWithEmulator();
  forgetAws();
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-aws-'));
  const port = await freePort();
  const endpoint = `https://127.0.0.1:${port}`;
  const edge = await openEdge(region, port);
  const [authorityFile, certificateFile, keyFile] = [
    join(directory, 'authority.crt'),
    join(directory, 'edge.crt'),
    join(directory, 'edge.key'),
  ];
  writeFileSync(authorityFile, edge.authorityPem);
  setDefaultCACertificates([...getCACertificates(), edge.authorityPem]);
  writeFileSync(certificateFile, edge.certificatePem);
  writeFileSync(keyFile, edge.keyPem);
  // Policies refuse what comes without TLS.
  const tls = { USE_SSL: '1', MINISTACK_SSL_CERT: certificateFile, MINISTACK_SSL_KEY: keyFile };
  const byName = {
    AWS_EDGE_PORT: `${edge.port}`,
    NODE_OPTIONS: `--import ${join(import.meta.dirname, 'runtime.mjs')}`,
    NODE_EXTRA_CA_CERTS: authorityFile,
    PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
  };
  const home = Object.fromEntries(['TMPDIR', 'STATE_DIR', 'S3_DATA_DIR'].map((name) => [name, join(directory, name.toLowerCase())]));
  for (const path of Object.values(home)) mkdirSync(path);
  const log = join(directory, 'emulator.log');
  const output = openSync(log, 'a');
  const child = spawn(python, [join(import.meta.dirname, 'gaps.py')], {
    env: { ...process.env, ...byName, ...home, GATEWAY_PORT: `${port}`, ...tls, ...settings },
    stdio: ['ignore', output, output],
  });
  const environment = {
    ...byName,
    AWS_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_CA_BUNDLE: authorityFile,
    CDK_DISABLE_CLI_TELEMETRY: '1',
  };
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(readFileSync(log, 'utf8'));
    await fetch(`${endpoint}/_ministack/health`);
  });
  // This process finds names of AWS where its programs do.
  process.env['AWS_EDGE_PORT'] = byName.AWS_EDGE_PORT;
  const asker: Asker = { endpoint, region, credentials: rootCredentials };
  Object.assign(environment, await administrator(asker));
  return {
    directory,
    environment,
    kubectlEnvironment: { ...environment, HTTPS_PROXY: edge.proxyUrl, NO_PROXY: '127.0.0.1', SSL_CERT_FILE: authorityFile },
    account: openAccount(asker),
    log: () => readFileSync(log, 'utf8'),
    async stackTemplate(StackName) {
      const asked = { service: 'cloudformation', version: '2010-05-15', action: 'GetTemplate', parameters: { StackName } } as const;
      return textAt(await query(asker, asked), 'TemplateBody') ?? '';
    },
    run: (program, args) => run(program, args, environment),
    async close() {
      await ended(child);
      await edge.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Credentials of a user who may do everything, as programs find them in their environment. */
async function administrator(asker: Asker): Promise<Readonly<Record<string, string>>> {
  const iam = (action: string, parameters: Readonly<Record<string, string>>): ReturnType<typeof query> =>
    query(asker, { service: 'iam', version: '2010-05-08', action, parameters: { UserName: 'jane', ...parameters } });
  await iam('CreateUser', {});
  await iam('AttachUserPolicy', { PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' });
  const made = await iam('CreateAccessKey', {});
  const [id, secret] = ['AccessKeyId', 'SecretAccessKey'].map((name) => textAt(made, 'AccessKey', name) ?? '');
  return { AWS_ACCESS_KEY_ID: id ?? '', AWS_SECRET_ACCESS_KEY: secret ?? '' };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function run(program: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Result> {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: stepMsMax,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, stdout, stderr };
}

/** The credential of a kubeconfig that names a program which fetches it. Source: client-go, plugin/pkg/client/auth/exec/exec.go. */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { isMissing } from '../local/data-directory.ts';
import { CliError } from './cli-error.ts';

interface Exec {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly installHint?: string;
}

interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts?: readonly { readonly name: string; readonly context: { readonly user?: string } }[];
  readonly users?: readonly { readonly name: string; readonly user?: { readonly exec?: Exec } }[];
}

const timeoutMs = 60_000;

function execOf(file: string): Exec | undefined {
  const config = (parse(readFileSync(file, 'utf8')) ?? {}) as Kubeconfig;
  const context = config.contexts?.find(({ name }) => name === config['current-context'])?.context;
  return config.users?.find(({ name }) => name === context?.user)?.user?.exec;
}

function wordsOf({ apiVersion = 'client.authentication.k8s.io/v1', command, args = [], env = [] }: Exec): string[] {
  const execInfo = {
    name: 'KUBERNETES_EXEC_INFO',
    value: JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } }),
  };
  return [...[...env, execInfo].map(({ name, value }) => `${name}=${value}`), command, ...args];
}

/** The version that the client speaks; kubectl 1.27 and newer speak all of them. */
function versionAsked(info: string | undefined): string {
  const fallback = 'client.authentication.k8s.io/v1';
  return info === undefined ? fallback : ((JSON.parse(info) as { readonly apiVersion?: string }).apiVersion ?? fallback);
}

/** What a program prints that a kubeconfig names; `info` is the client's KUBERNETES_EXEC_INFO. */
export const execCredentialText = (
  status: { readonly token: string; readonly expirationTimestamp: string },
  info: string | undefined,
): string => `${JSON.stringify({ apiVersion: versionAsked(info), kind: 'ExecCredential', status })}\n`;

export interface ExecCredentialStatus {
  readonly token: string;
  /** Undefined: the program printed no expirationTimestamp. */
  readonly expiresMs?: number;
}

/** As `execToken`, without holding up the process. */
export async function execCredential(file: string): Promise<ExecCredentialStatus | undefined> {
  const exec = execOf(file);
  if (exec === undefined) return undefined;
  const { command, installHint } = exec;
  let stdout: string;
  try {
    ({ stdout } = await promisify(execFile)('env', wordsOf(exec), { encoding: 'utf8', timeout: timeoutMs }));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const lastLine = 'stderr' in error ? String(error.stderr).trim().split('\n').at(-1) : error.message;
    throw new CliError(`${command}, which ${file} names to sign in with, failed: ${lastLine ?? ''}`, installHint);
  }
  const { status } = JSON.parse(stdout) as { readonly status?: { readonly token?: string; readonly expirationTimestamp?: string } };
  if (status?.token === undefined) throw new CliError(`${command}, which ${file} names to sign in with, returned no token.`);
  const expiresMs = Date.parse(status.expirationTimestamp ?? '');
  return { token: status.token, ...(Number.isNaN(expiresMs) ? {} : { expiresMs }) };
}

/** Undefined: the current context names no program. */
export function execToken(file: string): string | undefined {
  const exec = execOf(file);
  if (exec === undefined) return undefined;
  const { command, installHint } = exec;
  const words = wordsOf(exec);
  const { status, stdout, stderr, error } = spawnSync('env', words, { encoding: 'utf8', timeout: timeoutMs });
  if (error !== undefined && !isMissing(error)) throw error;
  if (status !== 0) {
    const why = stderr.trim().split('\n').at(-1) ?? '';
    throw new CliError(`${command}, which ${file} names to sign in with, failed: ${why}`, installHint);
  }
  const { status: credential } = JSON.parse(stdout) as { readonly status?: { readonly token?: string } };
  if (credential?.token === undefined) throw new CliError(`${command}, which ${file} names to sign in with, returned no token.`);
  return credential.token;
}

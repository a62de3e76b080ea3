/** What a gate, its plug-in and its kubeconfig share: a directory that only the user reads. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createCertificateAuthority, type CertificatePair } from '../../../functions/client/certificates.ts';
import type { World } from '../../../functions/world.ts';
import { readIfThere, writePrivately } from '../../local/data-directory.ts';
import { CliError } from '../cli-error.ts';

export interface GateHome {
  readonly directory: string;
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  /** Names the API itself, and how to sign in. */
  readonly kubeconfig: string;
  readonly authority: CertificatePair;
}

/** Written by the gate that listens. */
export interface RunningGate {
  readonly pid: number;
  readonly secret: string;
}

export const gateHost = '127.0.0.1';
/** Where the plug-in asks for a credential. The API serves no such path. */
export const credentialPath = '/gate.hibernetes.dev/credential';

const homeFile = (directory: string): string => join(directory, 'gate.json');
const runningFile = (directory: string): string => join(directory, 'running.json');
export const gateLog = (directory: string): string => join(directory, 'gate.log');

export function readGateHome(directory: string): GateHome {
  const text = readIfThere(homeFile(directory));
  if (text === undefined) throw new CliError(`There is no gate in ${directory}.`, 'hibernetes gate kubeconfig makes one.');
  return { ...(JSON.parse(text) as Omit<GateHome, 'directory'>), directory };
}

/** Keeps the authority that is there. */
export async function makeGateHome(
  directory: string,
  { port, kubeconfig }: Pick<GateHome, 'port' | 'kubeconfig'>,
  { clock }: Pick<World, 'clock'>,
): Promise<GateHome> {
  const before = readIfThere(homeFile(directory));
  const authority =
    before === undefined
      ? await createCertificateAuthority('hibernetes-gate-ca', clock)
      : (JSON.parse(before) as Omit<GateHome, 'directory'>).authority;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writePrivately(homeFile(directory), JSON.stringify({ port, kubeconfig, authority }));
  return { directory, port, kubeconfig, authority };
}

/** Undefined: none has run. One that is named may have ended. */
export function runningGate(directory: string): RunningGate | undefined {
  const text = readIfThere(runningFile(directory));
  return text === undefined ? undefined : (JSON.parse(text) as RunningGate);
}

export const noteRunning = (directory: string, running: RunningGate): void =>
  writePrivately(runningFile(directory), JSON.stringify(running));

/**
 * What a cluster has made on this machine, written down before it is made. After a crash, the next command reads the
 * record, and can use those things again or remove them.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface HostRecord {
  readonly name: string;
  readonly address: string;
}

export interface FabricRecord {
  readonly id: string;
  /** The host's subnet, such as 10.77.3.0/24. */
  readonly subnet: string;
  readonly gateway: string;
  readonly mtu: number;
  /** True when the fabric turned on the machine's IPv4 forwarding, and so turns it off again. */
  readonly turnedForwardingOn: boolean;
  readonly hosts: readonly HostRecord[];
}

const fileIn = (directory: string): string => join(directory, 'fabric.json');

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

export function readRecord(directory: string): FabricRecord | undefined {
  try {
    return JSON.parse(readFileSync(fileIn(directory), 'utf8'));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whole or not at all: written beside, then renamed. */
export function writeRecord(directory: string, record: FabricRecord): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${fileIn(directory)}.new`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${fileIn(directory)}.new`, fileIn(directory));
}

export const removeRecord = (directory: string): void => rmSync(fileIn(directory), { force: true });

/** What the command line must know of a cloud on this machine to make clusters in it: its table, and the secret behind the administrators' tokens. */
import { join } from 'node:path';
import { readIfThere, writePrivately, type DataDirectory } from '../data-directory.ts';
import { region } from './aws-json.ts';
import { tableName } from './engines.ts';

export interface SharedTable {
  readonly tableEndpoint: string;
  /** Where the envelope key is read and replaced: a process that knows the address may do both. */
  readonly secretEndpoint: string;
  readonly adminSecret: string;
  /** The cluster that answers at the root. */
  readonly defaultCluster: string;
}

const fileOf = (directory: DataDirectory): string => join(directory.root, 'cloud', 'shared-table.json');

export const writeSharedTable = (directory: DataDirectory, table: SharedTable): void =>
  writePrivately(fileOf(directory), JSON.stringify(table));

/** Undefined: there was no such cloud here yet. */
export function sharedTable(directory: DataDirectory): SharedTable | undefined {
  const text = readIfThere(fileOf(directory));
  return text === undefined ? undefined : (JSON.parse(text) as SharedTable);
}

/** The emulated table accepts any credentials. */
export const tableAccessAt = (endpoint: string) => ({ endpoint, region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });

export const tableAccess = ({ tableEndpoint }: SharedTable) => ({ tableName, access: tableAccessAt(tableEndpoint) });

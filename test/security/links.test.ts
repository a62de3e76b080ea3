/**
 * Links of every shape lie in the place of every name that the agent opens in a volume. What they lead to is neither opened
 * nor changed. `volumes.test.ts` has containers swap such links meanwhile.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { constants, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Directory } from '../../agent/files/directory.ts';
import { removeTree } from '../../agent/files/remove-tree.ts';
import { directories } from '../../agent/pods/directories.ts';
import { directoryUsage } from '../../agent/usage/disk-usage.ts';
import { giveToGroup } from '../../agent/volumes/files/volume-group.ts';
import { createNodeVolumes } from '../../agent/volumes/node-volumes.ts';
import { openSubPath } from '../../agent/volumes/sub-path.ts';
import { VolumeError } from '../../agent/volumes/volumes.ts';
import { everyCase } from '../support/every-case.ts';
import { examples, pluginsFor, pod, written } from './volume-examples.ts';

const { O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } = constants;
const root = mkdtempSync(join(tmpdir(), 'links-'));
after(() => rmSync(root, { recursive: true }));

/** What no link may lead the agent to. */
const canary = join(root, 'canary');
const empty = join(canary, 'empty');
const file = join(canary, 'color');
mkdirSync(empty, { recursive: true });
writeFileSync(file, 'precious');
chmodSync(file, 0o600);

const stateOfCanary = (): readonly string[] =>
  ['', ...readdirSync(canary, { recursive: true }).map(String).toSorted()].map((name) => {
    const path = join(canary, name);
    const { mode, uid, gid } = lstatSync(path);
    return `${name} ${mode.toString(8)} ${uid}:${gid} ${statSync(path).isFile() ? readFileSync(path, 'utf8') : ''}`;
  });
const before = stateOfCanary();
const forbidden = new Set([canary, empty, file].map((path) => statSync(path).ino));

/** What a name may be instead of what the agent made, each with the target of the link. */
const targets: Readonly<Record<string, string>> = {
  'a link to a directory': canary,
  'a link to an empty directory': empty,
  'a relative link': '../canary',
  'a link to a file': file,
  'a link to nothing': join(canary, 'new'),
  'a link through the process': `/proc/self/root${canary}`,
  'a link through the process to a file': `/proc/self/root${file}`,
};
const shapes = Object.keys(targets);

let count = 0;
/** A directory of its own, in which each name is a link of the shape. */
function place(shape: string, names: readonly string[] = ['name']): string {
  const path = join(root, `place-${(count += 1)}`);
  mkdirSync(path);
  for (const name of names) symlinkSync(targets[shape]!, join(path, name));
  return path;
}

type Opened = Pick<Awaited<ReturnType<Directory['reopen']>>, 'stat'> & AsyncDisposable;
type Attempt = (directory: Directory, path: string) => Promise<unknown>;

/** Every way to use a name in a directory. */
const attempts: Readonly<Record<string, readonly Attempt[]>> = {
  open: [(_, path) => Directory.open(join(path, 'name'))],
  make: [(_, path) => Directory.make(join(path, 'name'), 0o777)],
  directory: [(directory) => directory.directory('name')],
  descend: [(directory) => directory.descend(['name']), (directory) => directory.descend(['name', 'empty'])],
  makeDirectory: [(directory) => directory.makeDirectory('name', 0o777)],
  makeMissing: [(directory) => directory.makeMissing('name', 0o777)],
  file: [O_RDONLY, O_WRONLY, O_WRONLY | O_TRUNC, O_WRONLY | O_CREAT, O_WRONLY | O_CREAT | O_TRUNC].map(
    (flags): Attempt =>
      (directory) =>
        directory.file('name', flags),
  ),
  create: [(directory) => directory.create('name')],
  reference: [(directory) => directory.reference('name')],
  linkTarget: [(directory) => directory.linkTarget('name')],
  modeOf: [(directory) => directory.modeOf('name')],
  statsOf: [(directory) => directory.statsOf('name')],
  link: [(directory) => directory.link('name', 'other')],
  rename: [
    (directory) => directory.rename('name', 'other'),
    async (directory) => {
      await using _made = await directory.makeDirectory('other', 0o755);
      await directory.rename('other', 'name');
    },
  ],
  unlink: [(directory) => directory.unlink('name')],
  removeDirectory: [(directory) => directory.removeDirectory('name')],
};
/** Methods that use no name. */
const ofItself = ['entries', 'names', 'reopen', 'mode', 'stats', 'setMode', 'setOwner'];

test('every use of a name in a directory is tried here', () => {
  const ofPrototype = Object.getOwnPropertyNames(Directory.prototype).filter((name) => name !== 'constructor');
  assert.deepEqual(Object.keys(attempts).concat(ofItself).toSorted(), [...ofPrototype, 'open', 'make'].toSorted());
});

async function inodeOf(found: unknown): Promise<number | undefined> {
  if (found instanceof Directory) {
    await using directory = found;
    return (await directory.stats()).ino;
  }
  if (typeof found !== 'object' || found === null) return undefined;
  if (!('stat' in found)) return 'ino' in found ? Number(found.ino) : undefined;
  await using opened = found as Opened;
  return (await opened.stat()).ino;
}

/** What the kernel refuses is as good as what leads nowhere. */
async function orRefused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    assert.ok(error instanceof Error);
    return undefined;
  }
}

async function leadsNowhere(found: unknown): Promise<void> {
  assert.equal(forbidden.has((await inodeOf(found)) ?? 0), false, 'what the link leads to was opened');
  assert.deepEqual(stateOfCanary(), before);
}

test('no use of a name follows a link', async () => {
  const cases = Object.entries(attempts).flatMap(([name, ways]) =>
    ways.flatMap((attempt, index) => shapes.map((shape) => ({ name: `${name} ${index}, ${shape}`, attempt, shape }))),
  );
  await everyCase(
    cases,
    ({ name }) => name,
    async ({ attempt, shape }) => {
      const path = place(shape);
      await using directory = await Directory.open(path);
      await leadsNowhere(await orRefused(attempt(directory, path)));
    },
  );
});

/** What goes through all of a volume. */
const walks: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'giving it to a group': (path) => giveToGroup(path, { id: process.getgid!(), isReadOnly: false }),
  'counting its bytes': async (path) => assert.ok((await directoryUsage(path)).inodesUsed <= 3),
  'removing it': async (path) => {
    await using parent = await Directory.open(root);
    await using trash = await Directory.make(join(root, 'trash'));
    await removeTree(parent, path.slice(root.length + 1), trash);
    assert.equal(existsSync(path), false);
  },
  'opening a part of it': (path) => openSubPath({ volumePath: path, path: 'name' }),
  'opening a part below its part': (path) => openSubPath({ volumePath: path, path: 'name/empty/sub' }),
};

test('nothing that goes through a volume follows its links', async () => {
  const cases = Object.keys(walks).flatMap((walk) => shapes.map((shape) => ({ walk, shape })));
  await everyCase(
    cases,
    ({ walk, shape }) => `${walk}, ${shape}`,
    async ({ walk, shape }) => leadsNowhere(await orRefused(walks[walk]!(place(shape, ['name', 'other'])))),
  );
});

for (const field of written) {
  test(`an update of a ${field} volume follows no link in it, and holds the new content`, async () => {
    let color = 'blue';
    const plugins = pluginsFor(
      () => color,
      async () => {},
    );
    const name = `victim-${field.toLowerCase()}`;
    const victim = () => pod(name, { containers: [], volumes: [{ name: 'v', ...examples[field] }] }, { color });
    const volumes = createNodeVolumes({ directories: directories(join(root, 'node')), plugins });
    const path = (await volumes.setUp(victim())).get('v')!.path;
    const entries = (next: string): readonly string[] => [
      ...readdirSync(path, { recursive: true }).map(String),
      '..data_tmp',
      `..stamp-${next}`,
      'color/color',
    ];
    const cases = shapes.flatMap((shape) => entries('next').map((_, index) => ({ shape, index })));
    let round = 0;
    await everyCase(
      cases,
      ({ shape, index }) => `${shape} in the place of ${entries('next')[index]}`,
      async ({ shape, index }) => {
        color = `color-${(round += 1)}`;
        const at = join(path, entries(color)[index]!);
        rmSync(at, { recursive: true, force: true });
        if (existsSync(join(at, '..')) && statSync(join(at, '..')).isDirectory()) symlinkSync(targets[shape]!, at);
        try {
          await volumes.refresh(victim());
        } catch (error) {
          assert.ok(error instanceof VolumeError, String(error));
          color = `color-${(round += 1)}`;
          await volumes.refresh(victim());
        }
        await leadsNowhere(undefined);
        assert.equal(readFileSync(join(path, 'color'), 'utf8'), color);
      },
    );
    await volumes.tearDown(`uid-${name}`);
    assert.deepEqual(stateOfCanary(), before);
  });
}

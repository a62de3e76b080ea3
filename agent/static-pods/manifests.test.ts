import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createManifests } from './manifests.ts';

const manifest = (name: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: { containers: [{ name: main, image: 'web:v1' }] }\n`;

describe('a directory of manifests', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'manifests-'));
  });
  after(() => rmSync(directory, { recursive: true }));
  const namesAt = async (path: string): Promise<(string | undefined)[]> => {
    const pods = await createManifests({ path, nodeName: 'a', log: virtualWorld().log }).read();
    return pods.map(({ metadata }) => metadata.name);
  };

  test('a directory of manifests is read in the order of names, without folders, hidden files and what is no manifest', async () => {
    writeFileSync(join(directory, 'b.yaml'), manifest('b'));
    writeFileSync(
      join(directory, 'a.json'),
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers: [{ name: 'm', image: 'i' }] } }),
    );
    writeFileSync(join(directory, '.c.yaml'), manifest('c'));
    writeFileSync(join(directory, 'd.yaml'), 'kind: [');
    mkdirSync(join(directory, 'e'));
    assert.deepEqual(await namesAt(directory), ['a-a', 'b-a']);
  });

  test('a directory of manifests may be one file, or not there yet', async () => {
    writeFileSync(join(directory, 'one.yaml'), manifest('one'));
    assert.deepEqual(await namesAt(join(directory, 'one.yaml')), ['one-a']);
    assert.deepEqual(await namesAt(join(directory, 'missing')), []);
  });

  test('a directory of manifests has one pod of a name: the last file’s', async () => {
    const path = join(directory, 'doubled');
    mkdirSync(path);
    writeFileSync(join(path, '1.yaml'), manifest('same'));
    writeFileSync(join(path, '2.yaml'), manifest('same').replace("v1'", "v2'"));
    const [pod, ...more] = await createManifests({ path, nodeName: 'a', log: virtualWorld().log }).read();
    assert.deepEqual([pod!.spec.containers[0]!.image, more], ['web:v2', []]);
  });

  test('a directory of manifests is read again only where a file changed', async () => {
    const path = join(directory, 'kept');
    mkdirSync(path);
    writeFileSync(join(path, '1.yaml'), manifest('one'));
    writeFileSync(join(path, '2.yaml'), manifest('two'));
    const manifests = createManifests({ path, nodeName: 'a', log: virtualWorld().log });
    const [one, two] = await manifests.read();
    writeFileSync(join(path, '2.yaml'), manifest('three'));
    const [oneAgain, three] = await manifests.read();
    assert.equal(oneAgain, one);
    assert.notEqual(three!.metadata.uid, two!.metadata.uid);
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { imageTar } from '../../agent/images/image-tar.ts';
import { serveImages, type Registry } from './registry.ts';

describe('the registry of an archive', () => {
  const directory = mkdtempSync(join(tmpdir(), 'registry-'));
  let registry: Registry;
  before(async () => {
    const file = join(directory, 'images.tar');
    writeFileSync(file, imageTar({ names: ['registry.k8s.io/team/web:1.0'], files: [{ path: 'page', content: 'hello' }] }));
    registry = await serveImages(file, '127.0.0.1');
  });
  after(() => {
    registry.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const get = (path: string, method = 'GET'): Promise<Response> => fetch(`http://127.0.0.1:${registry.port}/v2/${path}`, { method });

  test('serves a manifest by tag and by digest', async () => {
    const byTag = await get('team/web/manifests/1.0');
    const digest = byTag.headers.get('docker-content-digest') ?? '';
    const byDigest = await get(`team/web/manifests/${digest}`);
    const manifest = await byTag.text();
    assert.equal(await byDigest.text(), manifest);
    assert.equal(`sha256:${createHash('sha256').update(manifest).digest('hex')}`, digest);
  });

  test('serves each file that the manifest names, with the size and the hash that it states', async () => {
    const { config, layers } = JSON.parse(await (await get('team/web/manifests/1.0')).text());
    for (const { digest, size } of [config, ...layers]) {
      const content = Buffer.from(await (await get(`team/web/blobs/${digest}`)).arrayBuffer());
      assert.equal(content.length, size);
      assert.equal(`sha256:${createHash('sha256').update(content).digest('hex')}`, digest);
    }
  });

  test('states the size of a file without sending it', async () => {
    const { config } = JSON.parse(await (await get('team/web/manifests/1.0')).text());
    const head = await get(`team/web/blobs/${config.digest}`, 'HEAD');
    assert.deepEqual([head.headers.get('content-length'), await head.text()], [String(config.size), '']);
  });

  test('answers 404 for a tag and for a digest that the archive lacks', async () => {
    assert.equal((await get('team/web/manifests/2.0')).status, 404);
    assert.equal((await get(`team/web/blobs/sha256:${'0'.repeat(64)}`)).status, 404);
  });
});

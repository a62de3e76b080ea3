/**
 * Each screen in Debian's Chromium has no finding that axe-core calls serious. Its picture stays the same, in light, dark and
 * on a phone. Hostile texts of the cluster stay texts. `UPDATE=1` makes the pictures anew.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { hostileTexts } from './hostile-texts.ts';
import { type DashboardGate, openBrowser, openGate, openPage, type Watched } from './open-page.ts';

const golden = join(import.meta.dirname, 'golden');
/** Fonts differ between machines, and ages pass. */
const differingShareMax = 0.06;

const screens: readonly (readonly [name: string, hash: string])[] = [
  ['overview', '#/overview'],
  ['list', '#/list/configmaps/default'],
  ['nodes', '#/list/nodes'],
  ['object', '#/object/configmaps/default/settings'],
  ['yaml', '#/object/configmaps/default/settings?tab=yaml'],
  ['fields', '#/object/configmaps/default/settings?tab=fields'],
  ['logs', '#/logs/configmaps/default/settings'],
  ['access', '#/access/-/default'],
];

/** What a screen shows once the API has answered. */
const content = ['.grid-row', '.part', '.problems', '.fine', '.cm-line', '.problem'].map((part) => `main ${part}`).join(', ');

async function show(page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.locator('main h1').first().waitFor();
  await page.locator(content).first().waitFor();
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations = (await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((found) => found.violations)`,
  )) as readonly Violation[];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`));
}

/** Compared in the browser, which reads pictures: the share of points that differ by much. */
async function differingShare(browser: Browser, before: Buffer, now: Buffer): Promise<number> {
  const page = await browser.newPage();
  const [a, b] = [before, now].map((picture) => JSON.stringify(`data:image/png;base64,${picture.toString('base64')}`));
  const share = await page.evaluate(`(async () => {
    const pointsOf = async (url) => {
      const image = new Image();
      image.src = url;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      return context.getImageData(0, 0, image.width, image.height).data;
    };
    const [a, b] = await Promise.all([pointsOf(${a}), pointsOf(${b})]);
    if (a.length !== b.length) return 1;
    let differing = 0;
    for (let i = 0; i < a.length; i += 4) if (Math.abs(a[i] - b[i]) + Math.abs(a[i + 1] - b[i + 1]) + Math.abs(a[i + 2] - b[i + 2]) > 96) differing += 1;
    return differing / (a.length / 4);
  })()`);
  await page.close();
  return share as number;
}

describe('the screens of the dashboard', () => {
  let cluster: TestCluster;
  let browser: Browser;
  let gate: DashboardGate;
  let watched: Watched;

  before(async () => {
    cluster = await startCluster({ nodes: 2, runtime: 'simulated' });
    const maps = ['settings', 'colours', 'routes'].map((name) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default', labels: { app: 'web' } },
      data: { colour: 'red' },
    }));
    const hostile = hostileTexts.map((text, index) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `hostile-${index}`, namespace: 'kube-public', annotations: { text } },
      data: { text },
    }));
    const events = hostileTexts.map((text, index) => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `hostile-${index}`, namespace: 'default' },
      involvedObject: { kind: 'Node', apiVersion: 'v1', name: 'node-1', uid: 'node-1' },
      reason: text.slice(0, 128),
      message: text.slice(0, 1024),
      type: 'Warning',
      lastTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
    }));
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...maps, ...hostile, ...events] });
    const { code, stderr } = await cluster.kubectl.run(['create', '-f', '-'], { input });
    assert.equal(code, 0, stderr);
    browser = await openBrowser();
    gate = await openGate(cluster.directory);
    watched = await openPage(browser, gate.url);
  });
  after(async () => {
    await browser?.close();
    gate?.close();
    await cluster?.remove();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [name, hash] of screens) {
      test(`${name} in ${colorScheme} has no serious finding of axe-core`, async () => {
        const { page } = watched;
        await page.emulateMedia({ colorScheme });
        await show(page, hash);
        assert.deepEqual(await seriousFindings(page), []);
      });
    }
  }

  test('the dialogs have no serious finding of axe-core', async () => {
    const { page } = watched;
    await show(page, '#/overview');
    for (const key of ['f', ':', '?']) {
      await page.keyboard.press(key);
      await page.getByRole('dialog').waitFor();
      assert.deepEqual(await seriousFindings(page), [], key);
      await page.keyboard.press('Escape');
    }
  });

  test('hostile texts stay texts, in lists, objects, events and YAML', async () => {
    const { page, faults } = watched;
    const hashes = ['#/list/events', '#/overview', '#/object/nodes/-/node-1', '#/list/configmaps/kube-public'];
    const objects = hostileTexts.flatMap((_, index) =>
      ['', '?tab=yaml'].map((tab) => `#/object/configmaps/kube-public/hostile-${index}${tab}`),
    );
    for (const hash of [...hashes, ...objects]) {
      await show(page, hash);
      const strange = await page.evaluate(
        `[...document.querySelectorAll('main script, main iframe, main img, main object, main embed, main form, main svg, main a:not([href^="#"])')].map((one) => one.outerHTML)`,
      );
      assert.deepEqual(strange, [], hash);
      const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth + 1');
      assert.equal(isWide, false, `${hash} is wider than the window`);
    }
    assert.deepEqual(faults, []);
  });

  const pictures: readonly (readonly [name: string, hash: string, colorScheme: 'light' | 'dark', width: number])[] = [
    ['list-light', '#/list/configmaps/default', 'light', 1280],
    ['list-dark', '#/list/configmaps/default', 'dark', 1280],
    ['list-phone', '#/list/configmaps/default', 'light', 390],
    ['object-light', '#/object/configmaps/default/settings', 'light', 1280],
    ['object-phone', '#/object/configmaps/default/settings', 'dark', 390],
    ['sign-in', '', 'light', 1280],
  ];
  for (const [name, hash, colorScheme, width] of pictures) {
    test(`${name} is the picture that it was`, async () => {
      const address = new URL(gate.url);
      address.hash = '';
      const { page } = hash === '' ? await openPage(browser, address.href) : watched;
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      if (hash !== '') await show(page, hash);
      const now = await page.screenshot();
      const file = join(golden, `${name}.png`);
      if (process.env['UPDATE'] === '1') {
        mkdirSync(golden, { recursive: true });
        writeFileSync(file, now);
      }
      assert.ok(existsSync(file), `${file} is missing: UPDATE=1 makes it`);
      assert.ok((await differingShare(browser, readFileSync(file), now)) <= differingShareMax);
    });
  }
});

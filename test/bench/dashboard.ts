/**
 * `npm run bench:dashboard`: ten thousand pods in a browser. It prints how soon rows and changes are on the screen, and how
 * long a filter takes. The longest task of the main thread and the memory of the page follow.
 */
import { startCluster } from '../support/cluster-process.ts';
import { openBrowser, openGate, openPage } from '../dashboard/open-page.ts';

const podsCount = Number(process.env['PODS'] ?? 10_000);
const objectsAtOnce = 500;

const podOf = (index: number): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `pod-${String(index).padStart(5, '0')}`, namespace: 'default', labels: { app: `app-${index % 50}` } },
  spec: { nodeSelector: { nowhere: 'true' }, containers: [{ name: 'main', image: 'nginx/nginx:v1' }] },
});

const cluster = await startCluster({ nodes: 0, runtime: 'simulated', flags: ['--without', 'kube-scheduler'] });
const gate = await openGate(cluster.directory);
const browser = await openBrowser();
try {
  for (let first = 0; first < podsCount; first += objectsAtOnce) {
    const items = Array.from({ length: Math.min(objectsAtOnce, podsCount - first) }, (_, index) => podOf(first + index));
    await cluster.kubectl.run(['create', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  }
  const { page } = await openPage(browser, gate.url);
  await page.evaluate(`globalThis.longest = 0;
    new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) longest = Math.max(longest, duration); }).observe({ entryTypes: ['longtask'] });`);
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startMs = performance.now();
    await work();
    return Math.round(performance.now() - startMs);
  };
  const report: Record<string, number> = { pods: podsCount };
  report['first rows ms'] = await timed(async () => {
    await page.evaluate(`location.hash = '#/list/pods/default'`);
    await page.locator('.grid-row').first().waitFor();
  });
  report['all rows ms'] = await timed(() =>
    page
      .getByRole('status')
      .filter({ hasText: new RegExp(`^${podsCount}$`) })
      .first()
      .waitFor(),
  );
  report['longest task while listing ms'] = (await page.evaluate('longest')) as number;
  report['filter ms'] = await timed(async () => {
    await page.locator('#filter').fill('pod-00777');
    await page.getByRole('status').filter({ hasText: /^1 of/ }).first().waitFor();
  });
  await page.locator('#filter').fill('');
  await page
    .getByRole('status')
    .filter({ hasText: new RegExp(`^${podsCount}$`) })
    .first()
    .waitFor();
  await page.evaluate('longest = 0');
  for (let step = 0; step < 40; step += 1) {
    await page.evaluate(`document.querySelector('[role=grid]').scrollTop = ${step * 7_000}`);
    await page.evaluate('new Promise(requestAnimationFrame)');
  }
  report['longest task while scrolling ms'] = (await page.evaluate('longest')) as number;
  await page.locator('#filter').fill('pod-00042 app-new');
  await cluster.kubectl.ok('label', 'pod', 'pod-00042', 'app=app-new', '--overwrite');
  report['change on screen after kubectl returned, ms'] = await timed(() => page.locator('.grid-row').first().waitFor());
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  report['heap MB'] = Math.round(((await session.send('Runtime.getHeapUsage')) as { usedSize: number }).usedSize / 1e6);
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
} finally {
  await browser.close();
  gate.close();
  await cluster.remove();
}
